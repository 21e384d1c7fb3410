//! `/openapi.json`: what the handlers say of themselves.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi};

use crate::settings::Settings;

/// Name of the scheme, as handlers refer to it.
const BEARER: &str = "bearer";

/// Completes what was gathered from the handlers.
pub(super) fn complete(mut api: OpenApi, settings: &Settings) -> OpenApi {
    api.info = Info::new(&settings.name, &settings.version);
    api.info.description = Some(
        "Takes harness packages, evaluates them one after the other, and answers what came out. Errors are \
         `{\"detail\": …}`."
            .to_owned(),
    );
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token that the platform and this server share."))
        .build();
    api.components
        .get_or_insert_with(Components::new)
        .add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    api
}
