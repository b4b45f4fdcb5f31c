//! Starts what takes usage records, and ends it.

use super::format::Formatter;
use super::queue::UsageQueue;
use super::spool::{Spool, SpoolError, SpoolLimits};
use super::status::{Counters, UsageStatus};
use super::upload::{RequestToken, UploadTask};
use super::writer::Writer;
use crate::asking::Asking;
use crate::config::UsageSettings;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The folder's name in the data folder of the gateway.
const FOLDER: &str = "api-usage-data";
/// How long a line may wait on its way to the disk.
const SYNC: Duration = Duration::from_millis(500);

/// Usage records cannot be kept or uploaded.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The folder.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The connection to the service that takes uploads.
    #[error("prepare the upload of usage records: {0}")]
    Upload(String),
    /// The operating system gave no thread.
    #[error("a thread could not be started")]
    Thread(#[source] io::Error),
}

/// What takes usage records.
#[derive(Debug)]
pub(crate) struct Usage {
    writer: Writer,
    upload: Option<UploadTask>,
    handle: UsageHandle,
}

/// What others see of it.
#[derive(Debug, Clone)]
pub(crate) struct UsageHandle {
    counters: Arc<Counters>,
    limit: u64,
    token: Option<RequestToken>,
}

impl Usage {
    /// Starts the writer and, on the runtime of `control`, the uploads; returns a queue for each core.
    ///
    /// # Errors
    ///
    /// The folder belongs to another gateway or cannot be used; `asking` is wrong.
    pub(crate) fn start(
        settings: &UsageSettings,
        asking: &Asking,
        data_dir: &Path,
        compat: bool,
        cores: usize,
        control: &Handle,
    ) -> Result<(Self, Vec<UsageQueue>), UsageError> {
        let (queues, records): (Vec<_>, Vec<_>) = (0..cores).map(|_| UsageQueue::new(settings.queue)).unzip();
        let counters = Counters::new(records.iter().map(super::queue::Records::dropped).collect());
        let folder = settings.folder.clone().unwrap_or_else(|| data_dir.join(FOLDER));
        let limits = SpoolLimits {
            bytes: settings.spool_size,
            file: settings.file_size,
            age: settings.rotation,
            sync: SYNC,
            uuid_names: settings.uuid_names,
        };
        let spool = Spool::open(folder, limits, &counters)?;
        let upload = match &settings.upload {
            Some(upload) => {
                let task = UploadTask::start(upload, asking, Arc::clone(spool.shared()), control);
                Some(task.map_err(UsageError::Upload)?)
            }
            None => None,
        };
        let formatter = Formatter {
            version: settings.version,
            data_center: settings.data_center.clone(),
            compat,
        };
        let handle = UsageHandle {
            counters: Arc::clone(&counters),
            limit: settings.spool_size,
            token: upload.as_ref().map(UploadTask::request_token),
        };
        let writer = Writer::start(spool, formatter, records, counters).map_err(UsageError::Thread)?;
        let usage = Self { writer, upload, handle };
        Ok((usage, queues))
    }

    pub(crate) fn handle(&self) -> UsageHandle {
        self.handle.clone()
    }

    /// Writes the last records and ends. No core may offer records any more. An upload under way is given up: it is tried
    /// again by the next gateway, and the service knows what it has already.
    pub(crate) fn finish(self) {
        drop(self.upload);
        self.writer.finish();
    }
}

impl UsageHandle {
    pub(crate) fn status(&self) -> UsageStatus {
        self.counters.status(self.limit, self.token.is_some())
    }

    /// Sets what the control plane knows this gateway by; it goes along with uploads.
    pub(crate) fn set_request_token(&self, token: Option<&str>) {
        if let Some(own) = &self.token {
            own.set(token);
        }
    }
}
