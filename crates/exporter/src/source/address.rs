//! The addresses of a store's API.

use url::Url;

use super::error::ReadError;
use crate::plan::Tenant;

/// Where the tenant's path goes, as a URL writes `{tenant}`.
const PLACE: &str = "%7Btenant%7D";

/// Gives the address of an endpoint, for a tenant.
pub(super) fn endpoint(base: &Url, tenant: &Tenant, path: &[&str]) -> Result<Url, ReadError> {
    let mut url = base.clone();
    let segments: Vec<String> = base.path_segments().map_or_else(Vec::new, |segments| {
        segments.filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
    });
    let mut own = Vec::new();
    for segment in segments {
        if !segment.contains(PLACE) {
            own.push(segment);
            continue;
        }
        let unsendable = |message: &str| ReadError::Unsendable { message: message.to_owned() };
        let of_tenant = tenant.path.as_deref().ok_or_else(|| {
            unsendable("the store's address has `{tenant}`, and the tenant has no path")
        })?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.".contains(&byte);
        if !of_tenant.bytes().all(is_plain) || of_tenant.trim_matches('.').is_empty() {
            return Err(unsendable(
                "the tenant's path has other characters than letters, digits and `_-:.`",
            ));
        }
        own.push(segment.replace(PLACE, of_tenant));
    }
    own.extend(path.iter().map(|segment| (*segment).to_owned()));
    url.set_path(&own.join("/"));
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::endpoint;
    use crate::plan::Tenant;

    fn tenant(path: Option<&str>) -> Tenant {
        Tenant { name: "t".into(), matchers: Vec::new(), path: path.map(str::to_owned) }
    }

    #[test]
    fn an_endpoint_is_below_the_base_and_has_the_tenant_in_its_place() {
        for (base, path, expected) in [
            ("http://vm:8428", None, "http://vm:8428/api/v1/export"),
            ("http://vm:8428/", Some("1:2"), "http://vm:8428/api/v1/export"),
            ("http://vm/p/", None, "http://vm/p/api/v1/export"),
            (
                "http://vm/select/{tenant}/prometheus?a=b",
                Some("1:2"),
                "http://vm/select/1:2/prometheus/api/v1/export?a=b",
            ),
        ] {
            let url = endpoint(&base.parse().unwrap(), &tenant(path), &["api", "v1", "export"]);
            assert_eq!(url.unwrap().as_str(), expected);
        }
    }

    #[test]
    fn a_tenant_without_a_path_or_with_a_strange_one_is_nowhere() {
        let base = "http://vm/select/{tenant}/".parse().unwrap();
        for path in [
            None,
            Some(""),
            Some(".."),
            Some("."),
            Some("1/2"),
            Some("%2f"),
            Some("a\r\nb"),
            Some("1?x="),
        ] {
            assert!(endpoint(&base, &tenant(path), &["x"]).is_err(), "{path:?}");
        }
    }
}
