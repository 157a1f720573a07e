//! HTTP handlers: from a request to a call of `service`, and from its result to a response.

mod error;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use {{crate}}_core::Context;
use {{crate}}_service as service;

pub use error::ApiError;

type Shared = State<Arc<Context>>;

/// `GET /`: edit the greeting, save, and ask again.
pub async fn index(State(context): Shared) -> Result<String, ApiError> {
    let summary = service::summary(&context).await?;
    let mut page = String::from("Hello from the first version\n");
    writeln!(page, "pid: {}", std::process::id())?;
    writeln!(page, "requests: {}", summary.requests)?;
    writeln!(page, "notes: {}", summary.notes)?;
    Ok(page)
}

/// `GET /notes`
pub async fn notes(State(context): Shared) -> Result<Json<Vec<service::Note>>, ApiError> {
    Ok(Json(service::notes(&context).await?))
}

/// `POST /notes`: the body is the text of the note.
pub async fn add_note(State(context): Shared, text: String) -> Result<Response, ApiError> {
    let response = match service::add_note(&context, &text).await? {
        Some(note) => (StatusCode::CREATED, Json(note)).into_response(),
        None => (StatusCode::UNPROCESSABLE_ENTITY, "a note needs text\n").into_response(),
    };
    Ok(response)
}

#[derive(Deserialize)]
pub struct Slow {
    #[serde(default)]
    ms: u64,
}

/// `GET /slow?ms=500`: a request that is still running when a reload comes is answered first.
pub async fn slow(Query(slow): Query<Slow>) -> String {
    tokio::time::sleep(Duration::from_millis(slow.ms)).await;
    format!("waited {} ms\n", slow.ms)
}

/// `GET /crash`: ends the process, for those who want to see what happens then.
pub async fn crash() -> StatusCode {
    if std::env::var_os("ALLOW_CRASH").is_some_and(|value| value == "1") {
        std::process::abort();
    }
    StatusCode::NOT_FOUND
}
