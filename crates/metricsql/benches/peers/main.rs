//! Is a query parsed and enforced as fast as the published `promql-parser` only parses it?
//!
//! Budget: at least as fast on the PromQL that both understand.

use std::alloc::System;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use ktel_metricsql::{Expr, Matcher, enforce, parse};
use ktel_metricsql_benches::queries;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let shared: Vec<String> = queries("promql")
        .into_iter()
        .filter(|query| parse(query).is_ok() && promql_parser::parser::parse(query).is_ok())
        .collect();
    let files = ["promql", "metricsql", "with", "selectors", "functions"];
    let all: Vec<String> = files.into_iter().flat_map(queries).collect();
    let matcher = Matcher::equal("tenant", "me").expect("the matcher has a value");
    let parsed: Vec<Expr> = shared.iter().map(|query| parse(query).expect("valid").0).collect();

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("metricsql");
    group.throughput(Throughput::Elements(shared.len() as u64));
    group.bench_function("promql/ktel", |bencher| {
        bencher.iter(|| shared.iter().for_each(|query| drop(black_box(parse(query)))));
    });
    group.bench_function("promql/promql-parser", |bencher| {
        bencher.iter(|| {
            shared.iter().for_each(|query| drop(black_box(promql_parser::parser::parse(query))));
        });
    });
    group.bench_function("promql/ktel enforce", |bencher| {
        bencher.iter(|| {
            for expr in &parsed {
                drop(black_box(enforce(expr, std::slice::from_ref(&matcher))));
            }
        });
    });
    group.bench_function("promql/ktel parse, enforce, write", |bencher| {
        bencher.iter(|| {
            for query in &shared {
                let (expr, _) = parse(query).expect("valid");
                let enforced = enforce(&expr, std::slice::from_ref(&matcher));
                drop(black_box(enforced.map(|expr| expr.wire())));
            }
        });
    });
    group.throughput(Throughput::Elements(all.len() as u64));
    group.bench_function("corpus/ktel", |bencher| {
        bencher.iter(|| all.iter().for_each(|query| drop(black_box(parse(query)))));
    });
    for (shape, query) in ktel_metricsql_benches::templates() {
        group.throughput(Throughput::Bytes(query.len() as u64));
        group.bench_function(format!("templates/{shape}"), |bencher| {
            bencher.iter(|| drop(black_box(parse(&query).expect("valid"))));
        });
    }
    group.finish();
    criterion.final_summary();

    println!("\nallocations per query, {} queries:", shared.len());
    count("ktel parse", &shared, |query| drop(black_box(parse(query))));
    count("promql-parser parse", &shared, |query| {
        drop(black_box(promql_parser::parser::parse(query)));
    });
    let exprs: Vec<&Expr> = parsed.iter().collect();
    count("ktel enforce", &exprs, |expr| {
        drop(black_box(enforce(expr, std::slice::from_ref(&matcher))));
    });
}

fn count<T>(name: &str, items: &[T], run: impl Fn(&T)) {
    let region = Region::new(ALLOCATOR);
    items.iter().for_each(run);
    let change = region.change();
    let per = |total: usize| total as f64 / items.len() as f64;
    println!(
        "{name:<24} {:>7.1} allocations {:>9.0} bytes",
        per(change.allocations),
        per(change.bytes_allocated)
    );
}
