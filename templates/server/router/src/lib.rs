//! The topmost crate: routes, and the three functions by which the executable reaches everything.

mod connection;
mod serve;

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;

use {{crate}}_api as api;
use {{crate}}_core::{Context, Entry, Generation};
use {{crate}}_service as service;

/// All there is to call from outside. It also makes a wrong signature a compile error: the loader
/// finds the same functions by name, where nobody checks types.
pub const ENTRY: Entry = Entry { start, run, stop };

#[cfg_attr(hotreload, expect(unsafe_code), unsafe(export_name = "module_start"))]
fn start(generation: &Generation) -> Result<()> {
    service::prepare(generation.context())
}

#[cfg_attr(hotreload, expect(unsafe_code), unsafe(export_name = "module_run"))]
fn run(generation: &Generation) -> Result<()> {
    generation.block_on(serve::serve(generation, routes(generation.context())))
}

#[cfg_attr(hotreload, expect(unsafe_code), unsafe(export_name = "module_stop"))]
fn stop(generation: &Generation) {
    generation.stop();
}

fn routes(context: &Arc<Context>) -> Router {
    Router::new()
        .route("/", get(api::index))
        .route("/notes", get(api::notes).post(api::add_note))
        .route("/slow", get(api::slow))
        .route("/crash", get(api::crash))
        .layer(middleware::from_fn_with_state(Arc::clone(context), count))
        .with_state(Arc::clone(context))
}

async fn count(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    context.count_request();
    next.run(request).await
}
