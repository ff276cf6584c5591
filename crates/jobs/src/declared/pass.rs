//! One pass over the objects of a source, for all steps that look at them.

use ktel_model::standard::schema::{Reads, Source};
use serde_json::Value;

use super::{Step, Tally};
use crate::context::Context;
use crate::error::Error;
use crate::limits;

/// How much of the objects must be read; the deepest step of a pass decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// Only whether the server has them.
    Nothing,
    /// How many there are.
    Number,
    /// Their metadata.
    Metadata,
    /// All of each.
    Object,
}

/// A source and the steps over it.
pub(super) struct Pass {
    pub(super) source: Source,
    pub(super) steps: Vec<Step>,
}

impl Pass {
    /// Gives what each field's step found; nothing when the server does not have the kind.
    pub(super) async fn run(&self, cx: &Context) -> Result<Vec<(String, Tally)>, Error> {
        let depth = self.steps.iter().map(Step::depth).max().unwrap_or(Depth::Nothing);
        let tallies = match depth {
            Depth::Nothing => Some(self.fresh()),
            Depth::Number => self.count(cx).await?,
            Depth::Metadata => self.read(cx, Reads::Metadata).await?,
            Depth::Object => self.read(cx, Reads::Object).await?,
        };
        let Some(mut tallies) = tallies else { return Ok(Vec::new()) };
        if self.steps.iter().any(|step| step.depth() == Depth::Nothing) {
            let Source { group, resource, .. } = &self.source;
            let Some(served) = cx.served(group, resource).await? else { return Ok(Vec::new()) };
            for (step, tally) in self.steps.iter().zip(&mut tallies) {
                if step.depth() == Depth::Nothing {
                    step.see_served(tally, &served.version);
                }
            }
        }
        Ok(self.steps.iter().map(|step| step.field.clone()).zip(tallies).collect())
    }

    fn fresh(&self) -> Vec<Tally> {
        self.steps.iter().map(Step::tally).collect()
    }

    async fn count(&self, cx: &Context) -> Result<Option<Vec<Tally>>, Error> {
        let Some(count) = cx.count(&self.source).await? else { return Ok(None) };
        let counted = |step: &Step| match step.depth() {
            Depth::Number => Tally::Count(count),
            _ => step.tally(),
        };
        Ok(Some(self.steps.iter().map(counted).collect()))
    }

    async fn read(&self, cx: &Context, reads: Reads) -> Result<Option<Vec<Tally>>, Error> {
        let mut tallies = self.fresh();
        let mut pages = cx.pages::<Value>(&self.source, reads, limits::PAGE);
        while let Some(page) = pages.next().await? {
            if page.restarted {
                tallies = self.fresh();
            }
            for object in &page.items {
                for (step, tally) in self.steps.iter().zip(&mut tallies) {
                    step.see(tally, object);
                }
            }
        }
        Ok(pages.served().then_some(tallies))
    }
}
