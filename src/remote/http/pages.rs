//! Lists that come in pages.

use super::request::Request;
use crate::remote::error::{Kind, RemoteError};
use futures::Stream;
use futures::stream::try_unfold;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// One page that has something, or the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What it holds.
    pub items: Vec<T>,
    /// The token of the next page: to go on later, ask with `page_token`.
    pub next: Option<String>,
}

/// Where the list stands.
enum At {
    /// Before this page.
    Page(Option<String>),
    End,
}

/// Follows `next_page_token` until there is none. A page may be empty and still have a token: it is passed over.
pub(super) fn pages<T: DeserializeOwned + Send + 'static>(
    request: Request,
    key: &'static str,
) -> impl Stream<Item = Result<Page<T>, RemoteError>> + Send {
    try_unfold((request, At::Page(None)), move |(request, at)| async move {
        let At::Page(mut token) = at else { return Ok(None) };
        loop {
            let page: Page<T> = one(&request, key, token.as_deref()).await?;
            if page.next.is_some() && page.next == token {
                let why = "the server names the same page as the next one again and again";
                return Err(RemoteError::new(Kind::Protocol, request.subject(), request.workspace.place(), why));
            }
            let next = match &page.next {
                None => At::End,
                Some(next) if page.items.is_empty() => {
                    token = Some(next.clone());
                    continue;
                }
                Some(next) => At::Page(Some(next.clone())),
            };
            return Ok(Some((page, (request, next))));
        }
    })
}

async fn one<T: DeserializeOwned>(request: &Request, key: &str, token: Option<&str>) -> Result<Page<T>, RemoteError> {
    let mut object: Map<String, Value> = request.page(token).json().await?;
    let next = object.remove("next_page_token").and_then(|t| t.as_str().map(str::to_owned)).filter(|t| !t.is_empty());
    let items = match object.remove(key) {
        None | Some(Value::Null) => Vec::new(),
        Some(list) => Vec::<T>::deserialize(list).map_err(|error| {
            let why = format!(
                "`{key}` in it is not what was expected: {}",
                super::answer::without_values(&error.to_string())
            );
            RemoteError::new(Kind::Protocol, request.subject(), request.workspace.place(), why)
        })?,
    };
    Ok(Page { items, next })
}
