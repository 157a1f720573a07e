//! What a client gets to see of an error.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Any error in a handler. The cause is for the log; the client learns that there was one.
pub struct ApiError(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        log::error!("{:#}", self.0);
        (StatusCode::INTERNAL_SERVER_ERROR, "internal error\n").into_response()
    }
}
