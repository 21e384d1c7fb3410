//! `/openapi.json`: that it is whole, and that the answers are as it says. (`tests/tools/schemathesis` asks harder.)

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Place, Server};

fn refs<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                found.insert(target);
            }
            fields.values().for_each(|value| refs(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| refs(item, found)),
        _ => {}
    }
}

/// All fields that a schema of an object allows, and those that it needs.
fn fields(api: &Value, schema: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    if let Some(Value::String(target)) = schema.get("$ref") {
        return fields(api, api.pointer(&target[1..]).expect("a schema"));
    }
    let mut known = BTreeSet::new();
    let mut needed = BTreeSet::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, must) = fields(api, part);
        known.extend(more);
        needed.extend(must);
    }
    known.extend(
        schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone()),
    );
    let names = schema["required"].as_array().into_iter().flatten();
    needed.extend(names.map(|name| name.as_str().expect("a name").to_owned()));
    (known, needed)
}

#[test]
fn the_description_is_whole() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let api = server.json("/openapi.json");
    assert_eq!(api["openapi"], "3.1.0");
    let mut targets = BTreeSet::new();
    refs(&api, &mut targets);
    assert!(targets.contains("#/components/schemas/Problems"));
    for target in targets {
        assert!(api.pointer(&target[1..]).is_some(), "{target} is nowhere");
    }
    let paths: Vec<&String> = api["paths"].as_object().expect("paths").keys().collect();
    let expected = [
        "/",
        "/agent/{hotkey}",
        "/agent/{hotkey}/code",
        "/agent/{hotkey}/logs",
        "/dataset",
        "/dataset/consensus",
        "/dataset/history",
        "/get_weights",
        "/health",
        "/internal/v1/bridge/submissions",
        "/internal/v1/get_weights",
        "/leaderboard",
        "/openapi.json",
        "/results/{submission_id}",
        "/stats",
        "/status",
        "/submissions",
        "/submissions/{submission_id}",
        "/submit",
        "/v1/submissions",
        "/v1/submissions/{submission_id}/report",
        "/v1/submissions/{submission_id}/samples",
        "/version",
        "/view/{submission_id}",
    ];
    let mut paths: Vec<&str> = paths.into_iter().map(String::as_str).collect();
    paths.sort_unstable();
    assert_eq!(paths, expected);
    let operations: Vec<&Value> = api["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|path| path.as_object().expect("methods").values())
        .collect();
    let ids: BTreeSet<&str> = operations
        .iter()
        .map(|operation| operation["operationId"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids.len(), operations.len(), "no id twice");
}

#[test]
fn answers_have_exactly_the_fields_that_are_described() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let id = server.submit_harness("5Fa", "a = 1\n");
    server.wait_for(&id, "completed");
    let api = server.json("/openapi.json");
    let mut compared = 0;
    for (path, methods) in api["paths"].as_object().expect("paths") {
        let schema = &methods["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if schema.is_null() || path.starts_with("/internal") || path == "/openapi.json" {
            continue;
        }
        let answer = server.json(
            &path
                .replace("{submission_id}", &id)
                .replace("{hotkey}", "5Fa"),
        );
        let (schema, items) = match schema["items"].is_null() {
            true => (schema, vec![answer]),
            false => (&schema["items"], answer.as_array().expect("a list").clone()),
        };
        let (known, needed) = fields(&api, schema);
        assert!(!items.is_empty(), "{path}");
        for item in items {
            let given: BTreeSet<String> = item
                .as_object()
                .expect("an object")
                .keys()
                .cloned()
                .collect();
            assert_eq!(given, known, "{path}");
            assert!(needed.is_subset(&given), "{path}");
            assert_eq!(needed, known, "{path}: every field is always there");
            compared += 1;
        }
    }
    assert!(compared >= 17, "{compared}");
}
