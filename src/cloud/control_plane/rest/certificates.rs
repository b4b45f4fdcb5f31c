//! Client and backend certificates. Not everybody may see them, and not every server has them: what is not shown is told
//! and left out.

use super::{CONCURRENT_READS, Rest, Root, is_not_permitted};
use crate::cloud::control_plane::{Certificates, UploadedCertificate};
use crate::cloud::http::{Call, Limit};
use crate::cloud::{CloudError, json};
use crate::project::backend_of;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use std::collections::BTreeSet;
use url::Url;

/// Most certificates of an API, or of all backends.
const MOST: usize = 1000;

impl Rest {
    /// Reads the client certificates of an API.
    pub(in crate::cloud::control_plane) async fn client_certificates(
        &self,
        api_id: &str,
    ) -> Result<Certificates, CloudError> {
        let place = ["apis", api_id, "client-certificates"];
        let scopes = self.reads().client_certificates;
        let list = self
            .all_pages(&self.url(Root::Publisher, &place), &[], scopes, "alias")
            .await;
        match list {
            Ok(list) => self.contents(&place, list, scopes).await,
            Err(error) if matches!(error.status(), Some(400 | 404)) => {
                let older = self.shared_client_certificates(api_id).await?;
                // What the newer place said is what the user can do something about.
                Ok(if older.hidden.is_empty() { older } else { hidden(&error) })
            }
            Err(error) if is_hidden(&error) => Ok(hidden(&error)),
            Err(error) => Err(error),
        }
    }

    /// Reads the client certificates of an API where those of all APIs are kept together.
    pub(in crate::cloud::control_plane) async fn shared_client_certificates(
        &self,
        api_id: &str,
    ) -> Result<Certificates, CloudError> {
        let place = ["clientCertificates"];
        let scopes = self.reads().client_certificates;
        let url = self.url(Root::Publisher, &place);
        match self.all_pages(&url, &[("apiId", api_id)], scopes, "alias").await {
            Ok(mut list) => {
                list.retain(|item| json::text(item, "apiId").as_deref() == Some(api_id));
                self.contents(&place, list, scopes).await
            }
            Err(error) if is_hidden(&error) => Ok(hidden(&error)),
            Err(error) => Err(error),
        }
    }

    /// Reads those of `wanted` backends from the list at `place`. The server's own filter compares whole URLs, so all are
    /// listed.
    pub(in crate::cloud::control_plane) async fn backend_certificates(
        &self,
        place: &str,
        wanted: &BTreeSet<String>,
    ) -> Result<Certificates, CloudError> {
        let place = [place];
        let scopes = self.reads().backend_certificates;
        let url = self.url(Root::Publisher, &place);
        match self.all_pages(&url, &[], scopes, "alias").await {
            Ok(mut list) => {
                list.retain(|item| {
                    let backend = json::text(item, "endpoint").and_then(|url| backend_of(&url));
                    backend.is_some_and(|backend| wanted.contains(&backend))
                });
                self.contents(&place, list, scopes).await
            }
            Err(error) if is_hidden(&error) => Ok(hidden(&error)),
            Err(error) => Err(error),
        }
    }

    /// Reads `<place>/<alias>/content` of each.
    async fn contents(&self, place: &[&str], list: Vec<Value>, scopes: &[&str]) -> Result<Certificates, CloudError> {
        let listed: Vec<UploadedCertificate> = list.iter().filter_map(UploadedCertificate::read).collect();
        let mut found = Certificates::default();
        if listed.len() > MOST {
            found.hidden.push(format!("more than {MOST} certificates are too many"));
            return Ok(found);
        }
        let read = async |mut certificate: UploadedCertificate| {
            let path = [place, &[&certificate.alias, "content"]].concat();
            let result = self.content(self.url(Root::Publisher, &path), scopes).await;
            result
                .map(|content| {
                    certificate.content = content;
                    certificate.clone()
                })
                .map_err(|error| (certificate.alias, error))
        };
        let mut results = stream::iter(listed).map(read).buffered(CONCURRENT_READS);
        while let Some(result) = results.next().await {
            match result {
                Ok(certificate) => found.certificates.push(certificate),
                Err((alias, error)) if is_hidden(&error) => found.hidden.push(format!("`{alias}`: {error}")),
                Err((_, error)) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn content(&self, url: Url, scopes: &[&str]) -> Result<Vec<u8>, CloudError> {
        let call = Call::get(url).accept("*/*").limit(Limit::CERTIFICATE);
        Ok(self.connection.send(call, scopes).await?.body)
    }
}

fn hidden(error: &CloudError) -> Certificates {
    Certificates {
        certificates: Vec::new(),
        hidden: vec![error.to_string()],
    }
}

/// Whether the server does not show something, rather than fails.
fn is_hidden(error: &CloudError) -> bool {
    is_not_permitted(error) || matches!(error.status(), Some(400 | 404))
}
