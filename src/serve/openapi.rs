//! `/openapi.json`: what the handlers say of themselves, and the few things that their attributes cannot say.

use serde_json::{Value, json};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::settings::Settings;

use super::auth::SLUG_HEADER;
use super::fault::{Detail, Problem, Problems};

/// Name of the scheme, as handlers refer to it.
const BEARER: &str = "bearer";

/// Completes what was gathered from the handlers.
pub(super) fn complete(mut api: OpenApi, settings: &Settings) -> Value {
    api.info = Info::new(&settings.name, &settings.version);
    api.info.description = Some(
        "Takes harness packages, evaluates them in the order of arrival, and answers what came out. Errors are \
         `{\"detail\": …}`."
            .to_owned(),
    );
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token that the platform and this server share."))
        .build();
    let components = api.components.get_or_insert_with(Components::new);
    components.add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    // Answers that several handlers share are named there, and described here.
    let mut add = |(name, schema): (String, RefOr<Schema>)| {
        components.schemas.insert(name, schema);
    };
    add(described::<Detail>());
    add(described::<Problem>());
    add(described::<Problems>());
    let mut api = json!(api);
    narrow(&mut api, settings);
    api
}

fn described<T: ToSchema + PartialSchema>() -> (String, RefOr<Schema>) {
    (T::name().into_owned(), T::schema())
}

/// Conditions over several fields, and a value that is known only at run time.
fn narrow(api: &mut Value, settings: &Settings) {
    let schemas = &mut api["components"]["schemas"];
    // Present, and not null.
    let one_of_these = |names: &[&str]| -> Value {
        let given = |name: &&str| {
            let is_text = json!({ *name: { "type": "string" } });
            json!({ "required": [name], "properties": is_text })
        };
        names.iter().map(given).collect()
    };
    let request = &mut schemas["SubmissionRequest"];
    request["anyOf"] = one_of_these(&["hotkey", "miner_hotkey"]);
    for direct in super::upload::DIRECT {
        request["properties"][direct] = json!({
            "type": "null",
            "description": "Not taken here: hand in a package",
        });
    }
    let form = &mut schemas["SubmissionForm"];
    form["anyOf"] = one_of_these(&["file", "package", "artifact"]);
    form["propertyNames"] = json!({ "pattern": "^[0-9A-Za-z_.-]+$" });

    let paths = api["paths"].as_object_mut().into_iter().flatten();
    let operations = paths.flat_map(|(_, path)| path.as_object_mut().into_iter().flatten());
    let parameters =
        operations.filter_map(|(_, operation)| operation.get_mut("parameters")?.as_array_mut());
    for parameter in parameters.flatten() {
        // What is optional may be left out; there is no null in a header or query.
        if parameter["schema"]["type"].is_array() {
            parameter["schema"]["type"] = json!("string");
        }
        if parameter["name"] == SLUG_HEADER {
            parameter["schema"]["enum"] = json!([settings.slug]);
        }
    }
}
