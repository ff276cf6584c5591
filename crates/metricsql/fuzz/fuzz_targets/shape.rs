//! Makes a query of every shape out of the fuzzer's bytes.

use ktel_metricsql::{FunctionKind, Operator, functions};

/// How deep a query may nest.
const DEPTH_MAX: u32 = 5;

const METRICS: [&str; 10] =
    ["up", "a", "b", "odd", "h", "v", "fill", r"\ud800", r"x\u0fff", "{__name__=~\".+\"}"];
const FILTERS: [&str; 7] = [
    "",
    "{job=\"x\"}",
    "{job=~\"x|y\" or le!=\"\"}",
    r#"{"\uffff"="x"}"#,
    "{job!~\".*\"}",
    r#"{__name__="up" or job="y"}"#,
    "{\"a b\"=\"c\"}",
];
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "0.5",
    "1e16",
    "-1e16",
    "1e300",
    "(1e300*1e300)",
    "Inf",
    "NaN",
    "9e18",
    "1Ki",
    "(0/0)",
    "0x7fffffffffffffff",
    "99",
    "1e-300",
];
const DURATIONS: [&str; 14] = [
    "5m",
    "1h",
    "0",
    "1i",
    "1000i",
    "1ms",
    "100y",
    "1000000y",
    "290000000y",
    "300000000y",
    "9223372036854775807ms",
    "1h-2h",
    "1m-1m",
    "$__interval",
];
const STRINGS: [&str; 12] = [
    "\"tenant\"",
    "\"job\"",
    "\"__name__\"",
    "\"\"",
    "\"$1$1\"",
    "\"(.*)\"",
    "\".\"",
    "\"le\"",
    "\"Europe/Berlin\"",
    "\"sum_over_time\"",
    "\"\\u0fff\"",
    "\"min\"",
];
const LABELS: [&str; 6] = ["job", "tenant", "le", r"\ud800", r"x\uffff", "é"];
const MODIFIERS: [&str; 10] = [
    "",
    "",
    "",
    "on(job)",
    "ignoring(le)",
    "on()",
    "on(job) group_left()",
    "on(job) group_right(tenant)",
    "on() group_left(*) prefix \"p\"",
    r"on(x\u0fff)",
];

/// Reads choices from bytes; once they are used up, every choice is the first.
struct Choices<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

pub(crate) fn query(bytes: &[u8]) -> String {
    Choices { bytes: bytes.iter() }.expr(0)
}

impl Choices<'_> {
    fn next(&mut self) -> usize {
        self.bytes.next().copied().unwrap_or_default().into()
    }

    fn of<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        choices[self.next() % choices.len()]
    }

    fn expr(&mut self, depth: u32) -> String {
        if depth >= DEPTH_MAX {
            return self.selector();
        }
        let next = depth + 1;
        match self.next() % 16 {
            0 | 1 => self.selector(),
            2 => self.of(&NUMBERS).to_owned(),
            3 => self.of(&DURATIONS).to_owned(),
            4 => self.of(&STRINGS).to_owned(),
            5..=8 => self.call(next),
            9 | 10 => self.operation(next),
            11 | 12 => self.rollup(next),
            13 => format!("({}, {})", self.expr(next), self.expr(next)),
            14 => format!("({})", self.expr(next)),
            _ => {
                let (inner, body) = (self.expr(next), self.expr(next));
                format!("WITH (t = {inner}, f(q) = q + t) f({body})")
            }
        }
    }

    fn selector(&mut self) -> String {
        let metric = self.of(&METRICS);
        if metric.starts_with('{') {
            metric.to_owned()
        } else {
            format!("{metric}{}", self.of(&FILTERS))
        }
    }

    fn call(&mut self, depth: u32) -> String {
        let all: Vec<_> = functions().collect();
        let function = all[(self.next() * 256 + self.next()) % all.len()];
        let most = function.arguments_max.unwrap_or(function.arguments_min + 3);
        let count = function.arguments_min + self.next() % (most - function.arguments_min + 1);
        let args: Vec<String> = (0..count).map(|_| self.argument(depth)).collect();
        let name = if self.next() % 8 == 7 {
            function.name.to_uppercase()
        } else {
            function.name.to_owned()
        };
        let suffix = match (function.kind, self.next() % 4) {
            (FunctionKind::Aggregate, 1) => format!(" by ({})", self.of(&LABELS)),
            (FunctionKind::Aggregate, 2) => format!(" without ({}) limit 2", self.of(&LABELS)),
            (FunctionKind::Rollup | FunctionKind::Transform, 3) => " keep_metric_names".to_owned(),
            _ => String::new(),
        };
        format!("{name}({}){suffix}", args.join(", "))
    }

    fn argument(&mut self, depth: u32) -> String {
        match self.next() % 5 {
            0 => self.of(&NUMBERS).to_owned(),
            1 => self.of(&STRINGS).to_owned(),
            2 => format!("{}[{}]", self.selector(), self.of(&DURATIONS)),
            _ => self.expr(depth),
        }
    }

    fn operation(&mut self, depth: u32) -> String {
        let operator = Operator::ALL[self.next() % Operator::ALL.len()];
        let (left, modifiers, right) = (self.expr(depth), self.of(&MODIFIERS), self.expr(depth));
        let keep = if self.next() % 8 == 7 { " keep_metric_names" } else { "" };
        format!("{left} {operator} {modifiers} {right}{keep}")
    }

    fn rollup(&mut self, depth: u32) -> String {
        let mut rollup = format!("({})", self.expr(depth));
        match self.next() % 4 {
            0 => {}
            1 => rollup += &format!("[{}]", self.of(&DURATIONS)),
            2 => rollup += &format!("[{}:{}]", self.of(&DURATIONS), self.of(&DURATIONS)),
            _ => rollup += &format!("[{}:]", self.of(&DURATIONS)),
        }
        if self.next() % 3 == 1 {
            let sign = if self.next() % 2 == 1 { "-" } else { "" };
            rollup += &format!(" offset {sign}{}", self.of(&DURATIONS));
        }
        match self.next() % 4 {
            1 => rollup += &format!(" @ ({})", self.expr(depth)),
            2 => rollup += &format!(" @ (end() - {})", self.of(&NUMBERS)),
            3 => rollup += &format!(" @ {}", self.of(&NUMBERS)),
            _ => {}
        }
        rollup
    }
}
