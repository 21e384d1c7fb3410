//! Who may use the internal routes.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::settings::Secret;

use super::fault::Fault;
use super::state::App;

/// The header in which a caller says which challenge it means.
pub(super) const SLUG_HEADER: &str = "x-platform-challenge-slug";

/// Lets a caller in who knows the token and means this challenge. The token is read anew each time: whoever replaces
/// the file does not have to restart anything.
///
/// # Errors
/// Which of the three it is, in the order in which callers expect them.
pub(super) async fn admit(app: &App, headers: &HeaderMap) -> Result<(), Fault> {
    let token = token(app).await.ok_or(Fault::NoToken)?;
    let slug = headers.get(SLUG_HEADER).map(|value| value.as_bytes());
    if slug != Some(app.settings.slug.as_bytes()) {
        return Err(Fault::WrongSlug);
    }
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| bearer(value.as_bytes()));
    match given {
        Some(given) if is_equal(given, token.expose().as_bytes()) => Ok(()),
        _ => Err(Fault::WrongToken),
    }
}

/// A token that cannot be read is as good as none, and the log says why.
async fn token(app: &App) -> Option<Secret> {
    let settings = app.settings.clone();
    let read = tokio::task::spawn_blocking(move || settings.read_shared_token());
    match read.await {
        Ok(Ok(token)) => token,
        Ok(Err(error)) => {
            app.log.complain(&error.to_string());
            None
        }
        // The reading panicked, and that has been printed.
        Err(_) => None,
    }
}

/// The token of `Bearer TOKEN`, the scheme in any case.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| rest.trim_ascii())
}

/// Takes as long for a token that is nearly right as for any other, and as long whatever its length: digests are
/// compared, which have one length and which nobody can steer.
fn is_equal(given: &[u8], expected: &[u8]) -> bool {
    Sha256::digest(given)
        .ct_eq(&Sha256::digest(expected))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_what_follows_the_scheme() {
        assert_eq!(bearer(b"Bearer abc"), Some(b"abc".as_slice()));
        assert_eq!(bearer(b"bearer  abc "), Some(b"abc".as_slice()));
        for other in [&b"Basic abc"[..], b"Bearer", b"abc", b"", b"Bearerabc"] {
            assert_eq!(bearer(other), None);
        }
    }

    #[test]
    fn only_the_same_token_is_equal() {
        assert!(is_equal(b"token", b"token"));
        for other in [&b"toke"[..], b"tokens", b"", b"Token"] {
            assert!(!is_equal(other, b"token"));
        }
    }
}
