//! Checks that the needs of jobs can be met.

use std::collections::HashSet;
use std::sync::Arc;

use super::error::Error;
use crate::job::Job;
use crate::limits;

/// Finds what keeps jobs from being a workflow: none or too many, a repetition, a missing need, a
/// cycle.
pub(super) fn check(jobs: &[Arc<dyn Job>]) -> Result<(), Error> {
    let names = || jobs.iter().map(|job| job.schema().name.as_str());
    if jobs.is_empty() {
        return Err(Error::Empty);
    }
    if jobs.len() > limits::JOBS_MAX {
        return Err(Error::TooMany);
    }
    if let Some(job) = twice(names()) {
        return Err(Error::Twice { job: job.to_owned() });
    }
    for job in jobs {
        if let Some(needs) = job.needs().iter().find(|needs| !names().any(|name| name == **needs)) {
            let (job, needs) = (job.schema().name.clone(), needs.clone());
            return Err(Error::Missing { job, needs });
        }
    }
    let left = stuck(jobs.iter().map(|job| (job.schema().name.as_str(), job.needs())).collect());
    if left.is_empty() { Ok(()) } else { Err(Error::Cycle { jobs: left }) }
}

/// Finds a name that occurs twice.
fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = HashSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

/// Removes the jobs without needs, again and again, and gives those that remain: they wait for each
/// other.
fn stuck(mut waiting: Vec<(&str, &[String])>) -> Vec<String> {
    loop {
        let names: Vec<&str> = waiting.iter().map(|(name, _)| *name).collect();
        let before = waiting.len();
        waiting.retain(|(_, needs)| needs.iter().any(|need| names.contains(&need.as_str())));
        if waiting.len() == before {
            return waiting.into_iter().map(|(name, _)| name.to_owned()).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::stuck;

    #[track_caller]
    fn check(needs: &[(&str, &[&str])], expected: &[&str]) {
        let owned: Vec<(&str, Vec<String>)> = needs
            .iter()
            .map(|(name, needs)| (*name, needs.iter().map(|need| (*need).to_owned()).collect()))
            .collect();
        let waiting = owned.iter().map(|(name, needs)| (*name, needs.as_slice())).collect();
        assert_eq!(stuck(waiting), expected);
    }

    #[test]
    fn only_jobs_in_or_behind_a_cycle_are_stuck() {
        check(&[("a", &[]), ("b", &["a"]), ("c", &["b", "a"])], &[]);
        check(&[("a", &["a"])], &["a"]);
        check(&[("a", &["b"]), ("b", &["a"]), ("c", &["a"]), ("d", &[])], &["a", "b", "c"]);
    }
}
