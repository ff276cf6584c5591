//! The pages for new users, followed to the letter: every command of a page is run in a new home,
//! with the real programs, and its output is compared with what the page shows.
//!
//! What a page can say is described in [`page`] (Markdown) and in [`shown`] (what varies).

#[cfg(test)]
#[cfg(target_os = "linux")]
mod metrics;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod page;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod program;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod shown;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod user;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::user::User;

    pub(crate) const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    /// The pages for new users that are run below.
    const RUN: [&str; 5] = [
        "charts.md",
        "cli-author.md",
        "cluster-operator.md",
        "maintainer.md",
        "product-engineer.md",
    ];

    #[track_caller]
    fn follow(page: &str) {
        let path = Path::new(REPOSITORY).join(page);
        let text = fs::read_to_string(&path).expect("the page is there");
        if let Err(error) = User::new().follow(&text) {
            panic!("{page}:{error}");
        }
    }

    #[test]
    fn readme() {
        follow("README.md");
    }

    #[test]
    fn charts() {
        follow("docs/start/charts.md");
    }

    #[test]
    fn cli_author() {
        follow("docs/start/cli-author.md");
    }

    #[test]
    fn cluster_operator() {
        follow("docs/start/cluster-operator.md");
    }

    #[test]
    fn maintainer() {
        follow("docs/start/maintainer.md");
    }

    #[test]
    fn product_engineer() {
        follow("docs/start/product-engineer.md");
    }

    #[test]
    fn run_the_exporter() {
        follow("docs/how-to/run-the-exporter.md");
    }

    #[test]
    fn every_page_for_new_users_is_run() {
        let folder = Path::new(REPOSITORY).join("docs/start").read_dir().expect("it is there");
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.expect("a file").file_name().into_string().expect("UTF-8")
        };
        let mut pages: Vec<String> = folder.map(name).collect();
        pages.sort();
        assert_eq!(pages, RUN);
    }
}
