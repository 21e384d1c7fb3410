//! What keeps a harness from running in a container, however the container is started.

use crate::harness::HarnessRequest;

use super::ContainerSettings;

/// Somebody else's words in an error.
const MAX_SAID_CHARS: usize = 1000;

/// A container that must not or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// Not the name of an image.
    #[error("{image:?} is not the name of an image")]
    ImageName {
        /// The name.
        image: String,
    },

    /// The image is not on the list.
    #[error("image {image} is not allowed: docker_allowed_images is {allowed:?}")]
    ImageNotAllowed {
        /// The image.
        image: String,
        /// The list.
        allowed: String,
    },

    /// The network is neither none nor one of the platform's.
    #[error("network {network:?} is not allowed")]
    NetworkNotAllowed {
        /// The network.
        network: String,
    },

    /// The container started and found no workspace it can read.
    #[error("the container cannot read the workspace: {entrypoint:?} is not there for it")]
    WorkspaceUnreadable {
        /// The file that was to be started.
        entrypoint: String,
    },

    /// The image lacks what the shell line needs.
    #[error("image {image} has no {tool}")]
    ImageIncomplete {
        /// The image.
        image: String,
        /// The missing program.
        tool: String,
    },

    /// The harness would not be bound by our filter, so it was not started.
    #[error("dfab's filter on system calls cannot be used in image {image}: {why}")]
    Unfiltered {
        /// The image.
        image: String,
        /// Why.
        why: &'static str,
    },

    /// Something of the run could not be killed, so its output was not looked at.
    #[error("something of the run is still alive in the container though it was killed")]
    StillAlive,

    /// Nothing in the container was started, and this is what was said about it.
    #[error("the container did not start: {said}")]
    NotStarted {
        /// Whatever the other side said.
        said: String,
    },
}

impl ContainerError {
    /// What it means that the shell line would not start the harness.
    pub(crate) fn refused(
        missing: &str,
        settings: &ContainerSettings,
        request: &HarnessRequest<'_>,
    ) -> ContainerError {
        match missing {
            "entrypoint" => Self::WorkspaceUnreadable {
                entrypoint: request.entrypoint.to_owned(),
            },
            tool => Self::ImageIncomplete {
                image: settings.image.clone(),
                tool: tool.to_owned(),
            },
        }
    }

    /// Why a container did not run, in the end of somebody else's words, or in ours if there are none.
    pub(crate) fn not_started(said: &str, otherwise: &str) -> ContainerError {
        let said = said.trim();
        let said = match said.char_indices().rev().nth(MAX_SAID_CHARS - 1) {
            Some((from, _)) => &said[from..],
            None if said.is_empty() => otherwise,
            None => said,
        };
        Self::NotStarted {
            said: said.to_owned(),
        }
    }

    /// A next step for people.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::ImageName { .. } | Self::ImageNotAllowed { .. } => {
                "name the image in docker_allowed_images: its first entry that is no prefix is used"
            }
            Self::NetworkNotAllowed { .. } => {
                "set docker_network to none, or to a network whose name begins with platform_"
            }
            Self::WorkspaceUnreadable { .. } => {
                "the engine must see this machine's files: with an engine elsewhere use the broker, \
                 with dfab itself in a container set TMPDIR to a folder that both see under one path"
            }
            Self::ImageIncomplete { .. } => {
                "use an image with Python 3, a shell and coreutils, such as python:3.12-slim"
            }
            Self::Unfiltered { .. } => {
                "use an image with a whole Python such as python:3.12-slim, or set docker_seccomp to engine: then \
                 only the engine's own profile decides about system calls"
            }
            Self::StillAlive => {
                "look for a disk or a network file system that does not answer; the container was removed"
            }
            Self::NotStarted { .. } => {
                "see whether the image runs at all (docker run --rm IMAGE python3 -V), and whether docker_user, \
                 docker_memory and docker_pids_limit leave it room to"
            }
        };
        Some(text.to_owned())
    }
}
