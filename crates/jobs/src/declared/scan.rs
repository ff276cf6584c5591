//! One scan of the objects of a source, for all steps that read them.

use ktel_model::standard::schema::{Reads, Source};
use serde_json::Value;

use super::step::{Depth, Found, Step};
use crate::context::Context;
use crate::error::Error;
use crate::limits;

/// A source and the steps over it.
pub(super) struct Scan {
    pub(super) source: Source,
    pub(super) steps: Vec<Step>,
}

impl Scan {
    /// Gives what the step of each field found; nothing when the server does not have the kind.
    pub(super) async fn run(&self, cx: &Context) -> Result<Vec<(String, Found)>, Error> {
        let depth = self.steps.iter().map(Step::depth).max().unwrap_or(Depth::Nothing);
        let found = match depth {
            Depth::Nothing => Some(self.start()),
            Depth::Number => self.count(cx).await?,
            Depth::Metadata => self.read(cx, Reads::Metadata).await?,
            Depth::Object => self.read(cx, Reads::Object).await?,
        };
        let Some(mut found) = found else { return Ok(Vec::new()) };
        if self.steps.iter().any(|step| step.depth() == Depth::Nothing) {
            let Source { group, resource, .. } = &self.source;
            let served = cx.served_versions(group, resource).await?;
            if served.is_empty() {
                return Ok(Vec::new());
            }
            for (step, sum) in self.steps.iter().zip(&mut found) {
                if step.depth() == Depth::Nothing {
                    served.iter().for_each(|version| step.add_served(sum, version));
                }
            }
        }
        Ok(self.steps.iter().map(|step| step.field.clone()).zip(found).collect())
    }

    fn start(&self) -> Vec<Found> {
        self.steps.iter().map(Step::start).collect()
    }

    async fn count(&self, cx: &Context) -> Result<Option<Vec<Found>>, Error> {
        let Some(count) = cx.count(&self.source).await? else { return Ok(None) };
        let counted = |step: &Step| match step.depth() {
            Depth::Number => Found::Count(count),
            _ => step.start(),
        };
        Ok(Some(self.steps.iter().map(counted).collect()))
    }

    async fn read(&self, cx: &Context, reads: Reads) -> Result<Option<Vec<Found>>, Error> {
        let mut found = self.start();
        let mut pages = cx.pages::<Value>(&self.source, reads, limits::PAGE);
        while let Some(page) = pages.next().await? {
            if page.restarted {
                found = self.start();
            }
            for object in &page.items {
                for (step, sum) in self.steps.iter().zip(&mut found) {
                    step.add_object(sum, object);
                }
            }
        }
        Ok(pages.served().then_some(found))
    }
}
