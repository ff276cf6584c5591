//! What a page asks its reader to do, in order.
//!
//! A `console` block has commands, which begin with `$ `, and below each what it prints. If it
//! shows nothing, the command only has to succeed. A `sh` block is a script. A comment directly
//! above a block says what differs:
//!
//! - `<!-- not run: REASON -->`: the block is not run
//! - `<!-- goes on -->`: its last command keeps running while the page goes on
//! - `<!-- exit code 3 -->`: its last command ends with this code
//!
//! A block whose paragraph ends with the name of a file and a colon is saved as this file. A block
//! within a comment is run too: it checks what a reader sees in a browser.

/// One thing that the reader does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Save {
        file: String,
        text: String,
    },
    /// Run a command.
    Run(Run),
}

/// A command, and what the page says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// Its line in the page, from 1.
    pub(crate) line: usize,
    pub(crate) command: String,
    /// The lines that it prints.
    pub(crate) shown: Vec<String>,
    pub(crate) code: i32,
    pub(crate) goes_on: bool,
}

/// What a comment says about the block below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remark {
    NotRun,
    GoesOn,
    Code(i32),
}

/// Reads a page.
///
/// # Errors
/// When a remark is not known.
pub(crate) fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut lines = text.lines().enumerate();
    let (mut remark, mut before) = (None, "");
    while let Some((index, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            if let Some(comment) =
                line.strip_prefix("<!-- ").and_then(|rest| rest.split_once(" -->"))
            {
                remark =
                    self::remark(comment.0).map_err(|error| format!("{}: {error}", index + 1))?;
            } else if !line.trim().is_empty() {
                (remark, before) = (None, line);
            }
            continue;
        };
        let block: Vec<(usize, &str)> =
            lines.by_ref().take_while(|(_, line)| !line.trim_start().starts_with("```")).collect();
        match language {
            _ if remark == Some(Remark::NotRun) => {}
            "console" => steps.extend(console(&block, remark)),
            "sh" => steps.push(Step::Run(script(&block, remark))),
            _ => {
                if let Some(file) = file(before) {
                    let text = block.iter().map(|(_, line)| format!("{line}\n")).collect();
                    steps.push(Step::Save { file: file.to_owned(), text });
                }
            }
        }
        (remark, before) = (None, "");
    }
    Ok(steps)
}

fn remark(comment: &str) -> Result<Option<Remark>, String> {
    if comment.starts_with("not run: ") {
        return Ok(Some(Remark::NotRun));
    }
    if comment == "goes on" {
        return Ok(Some(Remark::GoesOn));
    }
    if let Some(code) = comment.strip_prefix("exit code ") {
        let code = code.parse().map_err(|_error| format!("`{code}` is no exit code"))?;
        return Ok(Some(Remark::Code(code)));
    }
    Ok(None)
}

/// The file that a paragraph introduces.
fn file(before: &str) -> Option<&str> {
    let (_, name) = before.trim_end().strip_suffix("`:")?.rsplit_once('`')?;
    name.contains('.').then_some(name)
}

fn console(block: &[(usize, &str)], remark: Option<Remark>) -> Vec<Step> {
    let mut runs: Vec<Run> = Vec::new();
    for (index, line) in block {
        match (line.strip_prefix("$ "), runs.last_mut()) {
            (Some(command), _) => runs.push(Run {
                line: index + 1,
                command: command.to_owned(),
                shown: Vec::new(),
                code: 0,
                goes_on: false,
            }),
            // A command that is continued on the next line.
            (None, Some(run)) if run.command.ends_with('\\') && run.shown.is_empty() => {
                run.command.push('\n');
                run.command.push_str(line);
            }
            (None, Some(run)) => run.shown.push((*line).to_owned()),
            (None, None) => {}
        }
    }
    if let Some(run) = runs.last_mut() {
        apply(run, remark);
    }
    runs.into_iter().map(Step::Run).collect()
}

fn script(block: &[(usize, &str)], remark: Option<Remark>) -> Run {
    let line = block.first().map_or(0, |(index, _)| index + 1);
    let lines: Vec<&str> = block.iter().map(|(_, line)| *line).collect();
    let command = format!("set -e\n{}", lines.join("\n"));
    let mut run = Run { line, command, shown: Vec::new(), code: 0, goes_on: false };
    apply(&mut run, remark);
    run
}

fn apply(run: &mut Run, remark: Option<Remark>) {
    match remark {
        Some(Remark::Code(code)) => run.code = code,
        Some(Remark::GoesOn) => run.goes_on = true,
        Some(Remark::NotRun) | None => {}
    }
}

mod tests {
    use super::{Step, steps};

    fn summary(page: &str) -> Vec<String> {
        let of = |step: Step| match step {
            Step::Save { file, text } => format!("{file}: {text:?}"),
            Step::Run(run) => format!(
                "{} {:?} {:?} {}{}",
                run.line,
                run.command,
                run.shown,
                run.code,
                if run.goes_on { " goes on" } else { "" }
            ),
        };
        steps(page).expect("a page").into_iter().map(of).collect()
    }

    #[test]
    fn a_page_is_commands_outputs_and_files() {
        let page = "Save this as `a.yaml`:\n\n```yaml\nname: a\n```\n\n<!-- goes on -->\n```console\n\
$ one\nsays\n$ two \\\n  more\n```\n\n<!-- not run: it takes an hour -->\n```console\n$ three\n```\n\n\
Other text.\n\n```json\n{}\n```\n\n<!-- exit code 3 -->\n\n```sh\nfour\nfive\n```\n";
        assert_eq!(
            summary(page),
            [
                r#"a.yaml: "name: a\n""#,
                r#"9 "one" ["says"] 0"#,
                r#"11 "two \\\n  more" [] 0 goes on"#,
                r#"29 "set -e\nfour\nfive" [] 3"#,
            ]
        );
    }

    #[test]
    fn a_remark_is_about_the_block_directly_below_it() {
        let page = "<!-- exit code 3 -->\nText.\n\n```console\n$ one\n```\n";
        assert_eq!(summary(page), [r#"5 "one" [] 0"#]);
        assert!(steps("<!-- exit code three -->\n").is_err());
    }
}
