//! What keeps a harness from running in a container, however the container is started.

use crate::harness::HarnessRequest;

use super::ContainerSettings;

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
            Self::NotStarted { .. } => return None,
        };
        Some(text.to_owned())
    }
}
