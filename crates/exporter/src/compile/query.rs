//! A source's query and resource selectors as what is read from the store.

use ktel_metricsql::{Call, Expr, Matcher, Selector, Store, check_arity, enforce, parse};

use super::cluster::Cluster;
use super::families::whole;
use super::merge::{Group, both, groups_of, selector_of, weight};
use super::pack::{Packing, Unpackable, never_everything};
use super::selecting::Selecting;
use crate::limits;
use crate::plan::{Selection, Tenant};
use crate::resource::quotes::Query;
use crate::resource::spec::{Metrics, Source};
use crate::resource::{FieldPath, Finding};
use crate::settings::Settings;
use crate::source::StoreKind;

/// Compiles the sources of an Exporter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) namespace: &'a str,
    pub(super) tenant: &'a Tenant,
    pub(super) settings: &'a Settings,
    pub(super) cluster: &'a Cluster,
}

/// Why a query cannot be sent.
struct Unsendable {
    reason: &'static str,
    message: String,
}

impl Reader<'_> {
    /// Compiles a source. None if it cannot be used; why is a finding.
    pub(super) fn selection(
        &self,
        source: &Source,
        findings: &mut Vec<Finding>,
    ) -> Option<Selection> {
        let path = source.path.field("metrics");
        let resources = self.resources(&source.metrics, findings);
        let path = match source.metrics.query {
            Some(_) => path.field("metricsql"),
            None => path,
        };
        let query = match &source.metrics.query {
            Some(query) => Some(self.parsed(query, &path, findings)?),
            None => None,
        };
        let resources = resources?;
        let made = match query {
            None => self.raw(&Selector::new(Vec::new()), resources.as_deref()),
            Some(Expr::Selector(selector)) => self.raw(&selector, resources.as_deref()),
            Some(expr) => self
                .expression(expr, resources.as_deref())
                .map(|expr| Selection::Expression { expr, step: source.metrics.step }),
        };
        match made {
            Ok(Selection::Raw(selectors)) if selectors.is_empty() => {
                let message = "nothing is selected at the moment";
                findings.push(Finding::warning(path, "NothingSelected", message));
                Some(Selection::Raw(selectors))
            }
            Ok(selection) => Some(selection),
            Err(Unsendable { reason, message }) => {
                findings.push(Finding::error(path, reason, message));
                None
            }
        }
    }

    /// Compiles the resource selectors: alternatives, and an unusable one costs only itself. The outer None if none is usable.
    #[expect(clippy::option_option, reason = "the outer one says unusable, the inner one absent")]
    fn resources(
        &self,
        metrics: &Metrics,
        findings: &mut Vec<Finding>,
    ) -> Option<Option<Vec<Group>>> {
        if metrics.selectors.is_empty() {
            return Some(None);
        }
        let Self { namespace, tenant, settings, cluster } = *self;
        let selecting = Selecting { namespace, tenant, settings, cluster };
        let usable: Vec<Vec<Group>> = metrics
            .selectors
            .iter()
            .filter_map(|selector| selecting.groups(selector, findings).ok())
            .collect();
        if usable.is_empty() { None } else { Some(Some(usable.concat())) }
    }

    /// Parses a query and confines it, so that what is wrong with it is found at its place.
    fn parsed(&self, query: &Query, path: &FieldPath, findings: &mut Vec<Finding>) -> Option<Expr> {
        let at = |span: ktel_metricsql::Span| query.as_written(span.start..span.end);
        let invalid = |message: String| Finding::error(path.clone(), "InvalidQuery", message);
        let expr = match parse(query.text()) {
            Ok((expr, _)) => expr,
            Err(error) => {
                findings.push(invalid(error.to_string()).at(at(error.span)));
                return None;
            }
        };
        let selectors = expr.selectors();
        if selectors.is_empty() {
            findings.push(invalid("it selects no series; name a metric".to_owned()));
            return None;
        }
        // Each alone, to know which one it is.
        for selector in selectors {
            if let Err(violation) = enforce(&selector.clone().into(), &self.tenant.matchers) {
                let finding = Finding::error(path.clone(), "NotOfTenant", violation.to_string());
                let place = selector.place().span().map(at);
                findings.push(match place {
                    Some(place) => finding.at(place),
                    None => finding,
                });
                return None;
            }
        }
        if let Err(violation) = enforce(&expr, &self.tenant.matchers) {
            findings.push(Finding::error(path.clone(), "NotOfTenant", violation.to_string()));
            return None;
        }
        if let Some(wrong) = check_arity(&expr).first() {
            findings.push(invalid(wrong.to_string()));
            return None;
        }
        Some(expr)
    }

    fn raw(
        &self,
        selector: &Selector,
        resources: Option<&[Group]>,
    ) -> Result<Selection, Unsendable> {
        let groups = self.groups(selector, resources)?;
        let packing = Packing {
            tenant: &self.tenant.matchers,
            bytes_max: self.settings.query_bytes_max(),
            has_or: matches!(self.settings.store.kind, StoreKind::VictoriaMetrics(_)),
        };
        let selectors = packing.pack(whole(groups)).map_err(|error| self.unpackable(&error))?;
        for selector in &selectors {
            self.check(&selector.clone().into())?;
        }
        Ok(Selection::Raw(selectors))
    }

    fn groups(
        &self,
        selector: &Selector,
        resources: Option<&[Group]>,
    ) -> Result<Vec<Group>, Unsendable> {
        let own = groups_of(selector);
        let Some(resources) = resources else { return Ok(own) };
        let bytes = own.len().saturating_mul(weight(resources));
        if bytes > limits::SELECTION_BYTES_MAX {
            return Err(self.unpackable(&Unpackable::TooMany));
        }
        Ok(both(&own, resources, &self.tenant.matchers))
    }

    /// Confines every selector of an expression, and its results.
    fn expression(&self, mut expr: Expr, resources: Option<&[Group]>) -> Result<Expr, Unsendable> {
        let mut wrong = None;
        expr.visit_mut(&mut |part| {
            let Expr::Selector(selector) = part else { return };
            match self.groups(selector, resources) {
                Ok(groups) if groups.is_empty() => {
                    wrong = wrong.take().or(Some(Unsendable {
                        reason: "NothingSelected",
                        message: "a part of the expression selects nothing together with the resource selectors".to_owned(),
                    }));
                }
                Ok(groups) if self.tenant.matchers.is_empty() => {
                    *selector = never_everything(&selector_of(&groups));
                }
                Ok(groups) => *selector = selector_of(&groups),
                Err(error) => wrong = wrong.take().or(Some(error)),
            }
        });
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let mut expr = enforce(&expr, &self.tenant.matchers).map_err(|violation| Unsendable {
            reason: "NotOfTenant",
            message: violation.to_string(),
        })?;
        let has_or = expr.selectors().iter().any(|selector| selector.groups().len() > 1);
        if has_or && !matches!(self.settings.store.kind, StoreKind::VictoriaMetrics(_)) {
            return Err(Unsendable {
                reason: "InvalidQuery",
                message: "only VictoriaMetrics takes alternatives within a selector of an expression; write a source for each".to_owned(),
            });
        }
        for matcher in &self.tenant.matchers {
            expr = labelled(expr, matcher);
        }
        self.check(&expr)?;
        Ok(expr)
    }

    /// Checks what is sent: that it carries the tenant, that the store survives it, and its length.
    fn check(&self, expr: &Expr) -> Result<(), Unsendable> {
        if !carries(expr, &self.tenant.matchers) {
            return Err(Unsendable {
                reason: "NotOfTenant",
                message: "a part of the query is not confined to the tenant; please report this"
                    .to_owned(),
            });
        }
        let wire = match self.settings.store.kind {
            StoreKind::VictoriaMetrics(version) => {
                Store::VictoriaMetrics(version).query(expr).map_err(|error| Unsendable {
                    reason: "InvalidQuery",
                    message: error.to_string(),
                })?
            }
            StoreKind::Prometheus | StoreKind::Other => expr.wire(),
        };
        let max = self.settings.query_bytes_max();
        if wire.len() > max {
            return Err(self.unpackable(&Unpackable::TooLong { bytes: wire.len() }));
        }
        Ok(())
    }

    fn unpackable(&self, error: &Unpackable) -> Unsendable {
        let (reason, message) = match error {
            Unpackable::TooLong { bytes } => (
                "QueryTooLong",
                format!(
                    "{bytes} bytes are sent for it, and the store takes {}; divide it into several sources",
                    self.settings.query_bytes_max()
                ),
            ),
            Unpackable::TooMany => (
                "QueryTooLong",
                "it selects too many combinations; divide it into several sources".to_owned(),
            ),
            Unpackable::Unconfined(message) => ("NotOfTenant", message.clone()),
        };
        Unsendable { reason, message }
    }
}

/// Says whether every or-group of every selector has all that the tenant's series have to carry.
pub(super) fn carries(expr: &Expr, matchers: &[Matcher]) -> bool {
    expr.selectors().iter().all(|selector| {
        let has_all = |group: &Vec<ktel_metricsql::Filter>| {
            matchers.iter().all(|matcher| {
                group.iter().any(|filter| {
                    filter.label() == matcher.label()
                        && filter.operator() == ktel_metricsql::FilterOperator::Equal
                        && matcher.values() == [filter.value().to_owned()]
                })
            })
        };
        !selector.groups().is_empty() && selector.groups().iter().all(has_all)
    })
}

/// Sets a label of the tenant on the results, in a way that all stores understand. An expression may have lost it, or forged
/// another value.
fn labelled(expr: Expr, matcher: &Matcher) -> Expr {
    let [value] = matcher.values() else { return expr };
    // `$` begins a reference to a group of the pattern.
    let value = value.replace('$', "$$");
    let args = [matcher.label(), &value, "", ""].map(Expr::from);
    Call::new("label_replace", std::iter::once(expr).chain(args).collect()).into()
}
