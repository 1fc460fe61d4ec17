//! Who may come in: personal tokens, service principals of Databricks and of Azure, and who one is.

use super::reply::{ok, refuse};
use super::{Shared, World};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

/// A token that is accepted.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// Whose it is.
    pub(crate) user: String,
    /// When it ends.
    pub(crate) until: Option<Instant>,
}

/// The Azure directory that the workspace names.
pub(crate) const TENANT: &str = "99999999-8888-7777-6666-555555555555";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/.well-known/databricks-config", get(metadata))
        .route("/oidc/.well-known/oauth-authorization-server", get(endpoints))
        .route("/oidc/v1/token", post(machine))
        .route("/aad/auth", get(directory))
        .route("/azure/{tenant}/oauth2/token", post(azure))
        .route(
            "/login.html",
            get(|| async { ([(header::CONTENT_TYPE, "text/html")], "<html><title>Login</title></html>") }),
        )
        .route("/api/2.0/preview/scim/v2/Me", get(me))
}

/// Lets those in who have a token; what is public is public.
pub(super) async fn check(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let public = ["/.well-known/", "/oidc/", "/aad/", "/azure/", "/login.html", "/link/"];
    if public.iter().any(|p| path.starts_with(p)) {
        return next.run(request).await;
    }
    match user(&shared.world(), request.headers()) {
        Ok(user) => drop(request.extensions_mut().insert(User(user))),
        Err(refusal) => return *refusal,
    }
    next.run(request).await
}

/// Whoever asks.
#[derive(Clone)]
pub(super) struct User(pub(super) String);

fn user(world: &World, headers: &HeaderMap) -> Result<String, Box<Response>> {
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let Some(token) = given.and_then(|v| v.strip_prefix("Bearer ")) else {
        if world.open {
            return Ok(super::USER.to_owned());
        }
        let message = "Credential was not sent or was of an unsupported type for this API.";
        return Err(Box::new(refuse(401, "UNAUTHENTICATED", message)));
    };
    match world.tokens.get(token) {
        Some(Token { until: Some(until), .. }) if *until <= Instant::now() => {
            Err(Box::new(refuse(401, "UNAUTHENTICATED", "ExpiredJwt: access token expired")))
        }
        Some(token) => Ok(token.user.clone()),
        // The real one answers so, and it echoes what it was sent in some of its messages.
        None if token.starts_with("dapi") => {
            Err(Box::new(refuse(403, "403", format!("Invalid access token. Request id: x, token: {token}"))))
        }
        None => Err(Box::new(refuse(401, "UNAUTHENTICATED", "Invalid Token"))),
    }
}

async fn metadata(State(shared): State<Arc<Shared>>) -> Json<serde_json::Value> {
    Json(json!({ "oidc_endpoint": format!("{}/oidc", shared.host), "workspace_id": "4242", "account_id": "acc",
                 "cloud": "aws" }))
}

async fn endpoints(State(shared): State<Arc<Shared>>) -> Json<serde_json::Value> {
    let host = &shared.host;
    Json(json!({ "token_endpoint": format!("{host}/oidc/v1/token"),
                 "authorization_endpoint": format!("{host}/oidc/v1/authorize") }))
}

async fn machine(State(shared): State<Arc<Shared>>, headers: HeaderMap, form: String) -> Response {
    let basic = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Basic "));
    let decoded = basic.and_then(|b| base64_simd::STANDARD.decode_to_vec(b).ok());
    let decoded = decoded.and_then(|b| String::from_utf8(b).ok()).unwrap_or_default();
    let (id, secret) = decoded.split_once(':').unwrap_or_default();
    if !form.contains("grant_type=client_credentials") || !form.contains("scope=all-apis") {
        return oauth_error(400, "invalid_request", "grant_type or scope is missing");
    }
    give(&shared, id, secret)
}

async fn azure(State(shared): State<Arc<Shared>>, Path(tenant): Path<String>, form: String) -> Response {
    if tenant != TENANT {
        return oauth_error(400, "invalid_request", "AADSTS90002: Tenant not found");
    }
    let field = |name: &str| form.split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    if field("resource").is_empty() {
        return oauth_error(400, "invalid_request", "AADSTS900144: resource is missing");
    }
    give(&shared, field("client_id"), field("client_secret"))
}

fn give(shared: &Shared, id: &str, secret: &str) -> Response {
    let mut world = shared.world();
    if world.principals.get(id).is_none_or(|s| s != secret) {
        return oauth_error(401, "invalid_client", &format!("Client authentication failed for {id} with {secret}"));
    }
    world.tokens_given += 1;
    let token = format!("eyJ-given-5ecret-{}", world.number());
    let until = Instant::now().checked_add(world.token_life);
    world.tokens.insert(token.clone(), Token { user: id.to_owned(), until });
    let life = world.token_life_said.unwrap_or(world.token_life.as_secs());
    Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": life, "scope": "all-apis" }))
        .into_response()
}

fn oauth_error(status: u16, code: &str, description: &str) -> Response {
    let body = json!({ "error": code, "error_description": description });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

/// Sends browsers to the directory.
async fn directory(State(shared): State<Arc<Shared>>) -> Response {
    let to = format!("https://login.example.com/{TENANT}/oauth2/authorize?state={}", shared.host.len());
    (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
}

async fn me(State(shared): State<Arc<Shared>>, axum::Extension(User(user)): axum::Extension<User>) -> Response {
    let world = shared.world();
    ok(
        &world,
        json!({ "id": "7", "userName": user, "displayName": "Ada", "active": true, "emails": [{ "value": user, "primary": true }] }),
    )
}
