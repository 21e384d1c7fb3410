//! Values that must not be shown.

use std::fmt;

/// Stands wherever a secret would be shown.
pub(super) const MASK: &str = "********";

/// A token. It prints as a mask, in debug output too; [`Secret::expose`] is the only way to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a token.
    pub fn new(token: impl Into<String>) -> Secret {
        Secret(token.into())
    }

    /// The token itself, for the one place that sends or compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// A URL with all masked that may be secret: user and password, the values of the query (a part
/// without a name is a value), and the fragment.
pub(crate) fn mask_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (rest, fragment) = match rest.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (rest, None),
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    // A password may hold a slash that should have been written as %2F, so the last `@` counts, wherever it is.
    let mut masked = match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{MASK}@{host}"),
        None if may_be_user_and_password(rest, query, fragment) => {
            return format!("{scheme}://{MASK}");
        }
        None => format!("{scheme}://{rest}"),
    };
    if let Some(query) = query {
        let parts: Vec<String> = query.split('&').map(mask_query_part).collect();
        masked.push('?');
        masked.push_str(&parts.join("&"));
    }
    match fragment {
        None | Some("") => {}
        Some(_) => {
            masked.push('#');
            masked.push_str(MASK);
        }
    }
    masked
}

/// Whether what looks like an address with a query is a user, and a password with `?` or `#` in it: `u:p?w@host`.
fn may_be_user_and_password(rest: &str, query: Option<&str>, fragment: Option<&str>) -> bool {
    let later = [query, fragment].into_iter().flatten();
    let authority = rest.split('/').next().unwrap_or_default();
    authority.contains(':') && later.into_iter().any(|part| part.contains('@'))
}

fn mask_query_part(part: &str) -> String {
    match part.split_once('=') {
        _ if part.is_empty() => String::new(),
        Some((name, _)) => format!("{name}={MASK}"),
        None => MASK.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::mask_url;

    #[test]
    fn what_may_be_secret_in_a_url_is_masked_and_the_rest_is_shown() {
        for (url, shown) in [
            ("http://llm:1/api/chat", "http://llm:1/api/chat"),
            ("http://u:p@llm/api", "http://********@llm/api"),
            ("https://llm/a?api_key=s", "https://llm/a?api_key=********"),
            (
                "https://llm?v=1&key=a=b&&token",
                "https://llm?v=********&key=********&&********",
            ),
            ("https://u@llm?k=s@x", "https://********@llm?k=********"),
            ("https://llm/a?k=s#s", "https://llm/a?k=********#********"),
            ("https://llm/a?#", "https://llm/a?"),
            ("https://u:p@w@llm/a", "https://********@llm/a"),
            ("https://u:p/w@llm/a", "https://********@llm/a"),
            ("https://u:p?w@llm/a", "https://********"),
            ("https://u:p#w@llm/a", "https://********"),
            ("https://llm/a?k=s@x", "https://llm/a?k=********"),
        ] {
            assert_eq!(mask_url(url), shown, "{url}");
        }
    }
}
