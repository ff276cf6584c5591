//! Sessions of browsers: how one begins, what it may do, and what another site cannot do with it.

use axum::body::Body;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;

use crate::charts::{PODS, filled};

use crate::routes::{ADMIN, READER, Server, TOKEN, with_headers};

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

async fn post(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
    form: &str,
) -> (u16, HeaderMap, String) {
    let mut request = Request::post(path);
    let form_type = ("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers.iter().chain(&[form_type]) {
        request = request.header(*name, *value);
    }
    let answer = server.answer(request.body(Body::from(form.to_owned())).unwrap()).await;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), parts.headers, String::from_utf8_lossy(&body).into_owned())
}

/// Logs in, and gives the cookie as a browser sends it.
async fn log_in(server: &Server, token: &str, headers: &[(&str, &str)]) -> String {
    let (status, answer, body) = post(server, "/login", headers, &format!("token={token}")).await;
    assert_eq!(status, 303, "{body}");
    let set = answer["set-cookie"].to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_browser_gets_a_page_to_log_in_and_a_program_json() {
    let server = filled().await;
    let (status, headers, page) = with_headers(&server, "/?weeks=4", &[HTML]).await;
    assert_eq!(status, 401);
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert_eq!(headers["www-authenticate"], "Bearer", "the browser would ask by itself");
    assert!(page.contains("name=\"next\" value=\"/?weeks=4\""), "{page}");
    assert!(!page.contains("6-20"), "{page}");
    let (status, headers, body) = with_headers(&server, "/", &[]).await;
    assert_eq!(status, 401);
    assert_eq!(headers["content-type"], "application/json", "{body}");
    let public = filled().await.public();
    let (status, _, page) = with_headers(&public, "/", &[HTML]).await;
    assert_eq!(status, 200);
    assert!(page.contains("href=\"/login\""), "an administrator finds the page: {page}");
}

#[tokio::test]
async fn a_session_reads_what_its_token_may_read_until_it_ends() {
    let server = filled().await;
    for (token, has_small) in [(READER, false), (ADMIN, true)] {
        let cookie = log_in(&server, token, &[]).await;
        for path in ["/", PODS] {
            let (status, _, body) = with_headers(&server, path, &[("cookie", &cookie), HTML]).await;
            assert_eq!(status, 200, "{body}");
            assert_eq!(body.contains("10001+"), has_small, "{body}");
        }
        let (status, headers, _) = post(&server, "/logout", &[("cookie", &cookie)], "").await;
        assert_eq!(status, 303);
        assert!(headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    }
    // One that was revoked ends at once for everybody who has it.
    let stale = "ktel_session=MDAwMDAwMDAtMDAwMA";
    assert_eq!(with_headers(&server, "/", &[("cookie", stale), HTML]).await.0, 401);
}

#[tokio::test]
async fn a_session_only_reads_and_other_sites_cannot_use_it() {
    let server = filled().await;
    let cookie = log_in(&server, ADMIN, &[]).await;
    let headers = [("cookie", &*cookie), ("content-type", "application/json")];
    let request = Request::post("/v1/query");
    let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
    let request = request.body(Body::from("{\"sql\": \"SELECT 1\"}")).unwrap();
    assert_eq!(server.ask(request).await.0, 401, "a query needs the header");
    let request = Request::post("/v1/reports").header("cookie", &cookie);
    assert_eq!(server.ask(request.body(Body::from("{}")).unwrap()).await.0, 401);
    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://example.com")] {
        let host = ("host", "ktel.example.com");
        for (path, form) in [("/login", format!("token={READER}")), ("/logout", String::new())] {
            let (status, headers, _) = post(&server, path, &[foreign, host], &form).await;
            assert_eq!(status, 403, "{path} {foreign:?}");
            assert!(!headers.contains_key("set-cookie"));
        }
    }
    let secure = log_in(&server, ADMIN, &[("x-forwarded-proto", "https")]).await;
    assert!(secure.starts_with("__Host-"), "{secure}");
    assert_eq!(with_headers(&server, "/", &[("cookie", &secure)]).await.0, 401, "not over HTTP");
}

#[tokio::test]
async fn only_a_token_that_reads_begins_a_session() {
    let server = filled().await;
    for (form, status, said) in [
        (format!("token={TOKEN}"), 401, "may send and not read"),
        ("token=wrong".to_owned(), 401, "not known"),
        ("x=y".to_owned(), 400, "missing"),
        (format!("token={}", "x".repeat(9000)), 413, "too large"),
    ] {
        let (answered, headers, page) = post(&server, "/login", &[HTML], &form).await;
        assert_eq!(answered, status, "{page}");
        assert!(page.contains(said), "{page}");
        assert!(!headers.contains_key("set-cookie"));
    }
    let form = format!("token={READER}&next=https%3A%2F%2Fexample.com");
    let (_, headers, _) = post(&server, "/login", &[], &form).await;
    assert_eq!(headers["location"], "/", "it leads to no other site");
    let form = format!("token={READER}&next=%2Fchart%3Fschema%3Dx");
    let (_, headers, _) = post(&server, "/login", &[], &form).await;
    assert_eq!(headers["location"], "/chart?schema=x");
}
