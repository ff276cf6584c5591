//! The pages of the dashboard: what stands first, each chart at its own address, and what empty pages say.

use ktel_server::Catalog;
use ktel_server::app::kamaji::Responses;
use serde_json::{Value, json};

use crate::charts::{basic, filled, get};
use crate::installations::ask;
use crate::routes::{ADMIN, READER, Server, report, senders, with_headers};

/// Reports of four weeks, in which installations of a product are upgraded from 2.8 to 2.9 and 2.10.
pub(crate) async fn upgraded() -> Server {
    let server = Server::start().await;
    let senders = senders();
    for (week, day) in ["2026-10-27", "2026-11-03", "2026-11-10"].into_iter().enumerate() {
        for number in 0..(60 + 20 * week) {
            let version = match (number % 4, week) {
                (0, 1..) => "2.9.1",
                (1, 2..) => "2.10.0",
                _ => "2.8.0",
            };
            let mut report = report(&format!("{week}{number:0>16}"), &json!(7));
            report["day"] = json!(day);
            report["product"] = json!({"name": "acme", "ktel": "0.1.0"});
            report["schemas"] = json!({
                "identify-deployment": {"schema": "ktel/identify-deployment", "version": "1.0.0"},
                "cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"},
            });
            report["data"] = json!({
                "identify-deployment": {"lifecycle": "helm", "version": version},
                "cluster-state": {"pods": 10 * number},
            });
            // Both each version and each size have all tokens.
            let sender = &senders[(number / 4 + number % 4 * 5) % senders.len()];
            assert_eq!(server.post_as(sender, "/v1/reports", report.to_string()).await.0, 200);
        }
    }
    server.app().publish().await.unwrap();
    server
}

#[tokio::test]
async fn an_overview_stands_first_with_the_change_and_the_newest_version() {
    let server = upgraded().await;
    for (token, now, newest) in [(ADMIN, "100", "25 of 100"), (READER, "100", "20 of 90")] {
        let (_, page) = get(&server, "/?product=acme", basic(token)).await;
        let (_, overview) = page.split_once("id=\"overview\"").unwrap();
        let (overview, _) = overview.split_once("id=\"contents\"").unwrap();
        assert!(overview.contains(&format!("<strong>{now}</strong>")), "{overview}");
        assert!(overview.contains("+67 %: 60 in the week of 2026-10-26"), "{overview}");
        // Ten is newer than nine.
        assert!(overview.contains(">2.10</a>"), "{overview}");
        assert!(overview.contains(newest), "{overview}");
        assert!(overview.contains("<strong>2026-11-09</strong>"), "as of: {overview}");
        assert!(overview.contains("2.8</th>") && overview.contains(" points"), "{overview}");
        assert!(!overview.contains("end of life"), "nothing is known of it: {overview}");
        // Two schemas of the same reports have one chart of their number.
        assert_eq!(page.matches("Reports by week").count(), 1, "{page}");
    }
}

#[tokio::test]
async fn a_page_lists_its_charts_and_finds_them_without_a_script() {
    let server = upgraded().await;
    let (_, page) = get(&server, "/?product=acme", basic(READER)).await;
    for id in ["ktel/cluster-state", "ktel/identify-deployment:version"] {
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}: {page}");
        assert!(page.contains(&format!("id=\"{id}\"")), "the link leads nowhere: {id}");
    }
    let (_, page) = get(&server, "/?product=acme&q=LIFECYCLE", basic(READER)).await;
    assert!(page.contains("id=\"ktel/identify-deployment:lifecycle\""), "{page}");
    assert!(!page.contains("id=\"ktel/cluster-state:pods\""), "{page}");
    let (_, page) = get(&server, "/?product=acme&q=%3Cb%3E", basic(READER)).await;
    assert!(page.contains("No chart has “&lt;b&gt;”"), "{page}");
}

#[tokio::test]
async fn every_chart_has_an_address_a_picture_a_file_and_an_embed() {
    let server = upgraded().await.public();
    let (_, page) = get(&server, "/?product=acme&weeks=52", None).await;
    let links: Vec<String> = page
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| link.starts_with("/chart?"))
        .map(|link| link.replace("&amp;", "&"))
        .collect();
    assert!(links.len() >= 5, "{links:?}");
    for link in links {
        let (answer, chart) = get(&server, &link, None).await;
        assert_eq!(answer.status(), 200, "{link}");
        assert_eq!(chart.matches("<svg").count(), 1, "{link}");
        let picture = link.replace("/chart?", "/chart.svg?");
        let (answer, svg) = get(&server, &picture, None).await;
        assert_eq!(answer.headers()["content-type"], "image/svg+xml");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{svg}");
        let (answer, _) = get(&server, &link.replace("/chart?", "/embed?"), None).await;
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors *"), "{policy}");
        assert!(chart.contains("&lt;iframe src=&quot;http://SERVER/embed?"), "{chart}");
    }
    let private = filled().await;
    let embed = "/embed?schema=ktel/cluster-state&field=pods";
    let (answer, _) = get(&private, embed, basic(READER)).await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let versions = "/v1/series?schema=ktel/identify-deployment&field=version&product=acme";
    let (_, csv) = get(&server, &format!("{versions}&format=csv"), None).await;
    let expected = "week,word,number\r\n2026-10-26,2.8,60\r\n2026-10-26,2.9,0\r\n2026-10-26,2.10,0\r\n\
                    2026-11-02,2.8,60\r\n2026-11-02,2.9,20\r\n2026-11-02,2.10,0\r\n";
    assert!(csv.starts_with(expected), "{csv}");
    let (_, body) = get(&server, versions, None).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["rows"][1], json!({"week": "2026-10-26", "word": "2.9", "number": 0}));
}

#[tokio::test]
async fn a_range_of_days_and_a_comparison_are_drawn() {
    let server = upgraded().await;
    let chart = "/chart?schema=ktel/identify-deployment&field=version&product=acme";
    let range = format!("{chart}&from=2026-10-26&to=2026-11-02&scale=absolute");
    let (answer, page) = get(&server, &range, basic(READER)).await;
    assert_eq!(answer.status(), 200);
    assert!(page.contains("2026-10-26 to 2026-11-08"), "{page}");
    assert!(
        page.contains("aria-label=\"2026-11-02: 2.10")
            || page.contains("aria-label=\"2026-11-02: 2.9"),
        "{page}"
    );
    assert!(!page.contains("2026-11-09"), "it is after the range: {page}");
    for wrong in ["from=2026-11-02&to=2026-10-01", "from=soon", "from=2000-01-01", "scale=x"] {
        let (answer, body) = get(&server, &format!("{chart}&{wrong}"), basic(READER)).await;
        assert_eq!(answer.status(), 400, "{wrong}: {body}");
    }
    let (_, page) = get(&server, &format!("{chart}&compare=acme"), basic(READER)).await;
    assert_eq!(page.matches("<svg").count(), 2, "{page}");
    let (_, page) = get(&server, &format!("{chart}&compare=nothing"), basic(READER)).await;
    assert!(page.contains("no data to compare with"), "{page}");
    let path = format!("{chart}&version=2.8&compare_version=2.9");
    let (_, page) = get(&server, &path, basic(ADMIN)).await;
    assert_eq!(page.matches("<svg").count(), 2, "{page}");
    let (answer, _) = get(&server, &format!("{chart}&compare_version=2.9"), basic(READER)).await;
    assert_eq!(answer.status(), 400, "published numbers are not divided by version");
}

#[tokio::test]
async fn a_product_that_is_not_shown_is_not_found_whether_there_is_data_or_not() {
    let server = filled().await;
    let mut report = report("few0000000000001", &json!(7));
    report["product"] = json!({"name": "one-customer", "ktel": "0.1.0"});
    assert_eq!(server.post_as(&senders()[0], "/v1/reports", report.to_string()).await.0, 200);
    let of = async |product: &str| {
        let reader = basic(READER).unwrap();
        let headers = [("authorization", &*reader), ("accept", "text/html")];
        let (status, _, page) =
            with_headers(&server, &format!("/?product={product}"), &headers).await;
        (status, page.replace(product, "PRODUCT"))
    };
    let (status, page) = of("one-customer").await;
    assert_eq!(status, 404, "{page}");
    assert!(page.contains("No data of this product"), "{page}");
    assert_eq!(of("two-customers").await, (404, page));
    let (answer, _) = get(&server, "/?product=one-customer", basic(ADMIN)).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn an_empty_page_says_what_to_do_and_where_other_data_is() {
    let server = Server::start().await;
    let admin = basic(ADMIN).unwrap();
    let headers = [("authorization", &*admin), ("host", "ktel.example.com:8090")];
    let (_, _, page) = with_headers(&server, "/", &headers).await;
    assert!(page.contains("Nothing was received yet"), "{page}");
    assert!(page.contains("--report-server http://ktel.example.com:8090"), "{page}");
    assert!(page.contains("an ingest token"), "whether a token is needed: {page}");
    let update = json!({"kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3",
        "old_tcp_version": "v1.26.5", "new_tcp_version": "v1.27.0"});
    assert_eq!(ask(&server, Responses::Strict, "POST", "/update", &update.to_string()).await, 200);
    let (_, _, page) = with_headers(&server, "/", &headers).await;
    assert!(!page.contains("Nothing was received yet"), "{page}");
    assert!(
        page.contains("href=\"/?population=unauthenticated\">what was sent without a secret"),
        "{page}"
    );
    let forwarded = [headers[0], headers[1], ("x-forwarded-proto", "https")];
    let (_, _, page) = with_headers(&server, "/", &forwarded).await;
    assert!(page.contains("https://ktel.example.com:8090"), "{page}");
}

#[tokio::test]
async fn how_many_senders_are_missing_is_for_administrators_only() {
    let server = Server::start().await;
    for (number, token) in senders().iter().take(3).enumerate() {
        let mut report = report(&format!("{number:0>16}"), &json!(7));
        report["day"] = json!("2026-11-12");
        report["product"] = json!({"name": "acme", "ktel": "0.1.0"});
        assert_eq!(server.post_as(token, "/v1/reports", report.to_string()).await.0, 200);
    }
    server.app().publish().await.unwrap();
    let (_, page) = get(&server, "/?product=acme", basic(ADMIN)).await;
    assert!(page.contains("3 of the 11 needed"), "{page}");
    for path in ["/", "/?product=acme"] {
        let (_, page) = get(&server, path, basic(READER)).await;
        assert!(!page.contains("of the 11 needed"), "{page}");
    }
}

#[tokio::test]
async fn a_public_page_shows_what_is_published_and_is_there_only_when_it_was_asked_for() {
    let server = upgraded().await;
    let (answer, _) = get(&server, "/public/acme", None).await;
    assert_eq!(answer.status(), 404);
    let server = server.with_public_page("acme");
    let (answer, page) = get(&server, "/public/acme", None).await;
    assert_eq!(answer.status(), 200, "{page}");
    for text in ["30 days", "90 days", "365 days", "2.10</th>", "How the product is deployed"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (_, csv) = get(&server, "/public/acme/values.csv", None).await;
    let row = "authenticated,ktel/identify-deployment,version,2026-11-09,2.10,20\r\n";
    assert!(csv.contains(row), "{csv}");
    assert!(csv.lines().skip(1).all(|line| line.ends_with('0')), "multiples of ten: {csv}");
    for path in ["/public/other", "/public/other/values.csv", "/"] {
        assert!(get(&server, path, None).await.0.status().is_client_error(), "{path}");
    }
}

#[tokio::test]
async fn a_site_of_files_has_a_page_of_each_published_product_and_nothing_else() {
    let server = upgraded().await;
    let mut report = report("few0000000000001", &json!(7));
    report["product"] = json!({"name": "one-customer", "ktel": "0.1.0"});
    assert_eq!(server.post_as(&senders()[0], "/v1/reports", report.to_string()).await.0, 200);
    let catalog = std::sync::Arc::new(Catalog::built_in());
    let today = jiff::civil::date(2026, 11, 21);
    let files = ktel_server::site::site(server.store(), &catalog, today).await.unwrap();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let expected =
        ["dashboard.css", "favicon.svg", "index.html", "acme/index.html", "acme/values.csv"];
    assert_eq!(paths, expected);
    let page = &files[3].text;
    assert!(page.contains("href=\"../dashboard.css\"") && page.contains("2.10</th>"), "{page}");
    assert!(files.iter().all(|file| !file.text.contains("one-customer")));
}

#[tokio::test]
async fn versions_past_their_end_of_life_are_counted_where_the_days_are_known() {
    let server = upgraded().await.with_end_of_life("ktel/identify-deployment", "version", "2.8");
    let (_, page) = get(&server, "/?product=acme&weeks=4", basic(ADMIN)).await;
    assert!(page.contains("Past end of life"), "{page}");
    let (_, page) = get(&server, "/", basic(ADMIN)).await;
    assert!(page.contains("Past end of life"), "there is one product only: {page}");
}
