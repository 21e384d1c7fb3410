//! What can go wrong between us, the command line and the engine.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A failure of the command line or the engine.
#[derive(Debug, thiserror::Error)]
pub enum DockerError {
    /// There is no such program.
    #[error("the docker command {program:?} is not installed")]
    CliMissing {
        /// `docker_bin`.
        program: PathBuf,
    },

    /// It is there and cannot be started or followed.
    #[error("cannot {what}: {source}")]
    Cli {
        /// What was tried.
        what: String,
        /// The system's answer.
        source: io::Error,
    },

    /// It ran for longer than its task can take.
    #[error("`docker {what}` has not come to its end in {} s", patience.as_secs())]
    CliHangs {
        /// The subcommand.
        what: String,
        /// How long it was given.
        patience: Duration,
    },

    /// It was killed, or gave up, before the container had ended.
    #[error("the docker command died before the container had ended ({status})")]
    CliDied {
        /// How.
        status: String,
    },

    /// It gave an answer that is none.
    #[error("`docker {what}` failed: {said}")]
    Failed {
        /// The subcommand.
        what: String,
        /// Its own words.
        said: String,
    },

    /// Nobody listens.
    #[error("the docker engine does not answer: {said}")]
    EngineDown {
        /// The command line's words.
        said: String,
    },

    /// This user may not talk to it.
    #[error("this user may not talk to the docker engine: {said}")]
    PermissionDenied {
        /// The command line's words.
        said: String,
    },

    /// The engine does not have the image.
    #[error("the docker engine has no image {image}")]
    ImageMissing {
        /// The image.
        image: String,
    },

    /// The engine does not have the network.
    #[error("the docker engine has no network {network}")]
    NetworkMissing {
        /// The network.
        network: String,
    },

    /// The workspace's path cannot be given to the engine.
    #[error("workspace {path:?} cannot be mounted: its path has a colon or is not text")]
    WorkspaceName {
        /// The path.
        path: PathBuf,
    },

    /// The engine refuses to mount it.
    #[error("the docker engine cannot mount the workspace: {said}")]
    WorkspaceUnmountable {
        /// The engine's words.
        said: String,
    },

    /// The engine took the container and did nothing for a long time.
    #[error("the docker engine has not started the container in {} s", patience.as_secs())]
    EngineHangs {
        /// How long it was given.
        patience: Duration,
    },

    /// The container is still there.
    #[error("container {name} cannot be removed: {said}")]
    NotRemoved {
        /// Its name.
        name: String,
        /// The engine's words.
        said: String,
    },
}

impl DockerError {
    /// A next step for people.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::CliMissing { .. } => {
                "install Docker, name its command in docker_bin, or use --executor sandbox"
            }
            Self::EngineDown { .. } => {
                "start the engine (systemctl start docker), set DOCKER_HOST to where it is, or use \
                 --executor sandbox"
            }
            Self::PermissionDenied { .. } => {
                "let this user use the engine's socket (its group is usually `docker`), or use \
                 --executor sandbox, which needs no rights"
            }
            Self::ImageMissing { image } => {
                return Some(format!(
                    "fetch it with `docker pull {image}`, or name another one in docker_allowed_images"
                ));
            }
            Self::NetworkMissing { network } => {
                return Some(format!(
                    "make it with `docker network create {network}`, or set docker_network to none"
                ));
            }
            Self::WorkspaceName { .. } => "set TMPDIR to a folder without a colon in its path",
            Self::WorkspaceUnmountable { .. } => {
                "set TMPDIR to a folder that the engine may mount, or use the broker, which is sent \
                 the files"
            }
            Self::CliHangs { .. } | Self::EngineHangs { .. } | Self::CliDied { .. } => {
                "see whether the engine is well: `docker version`, `docker ps`"
            }
            Self::NotRemoved { name, .. } => {
                return Some(format!(
                    "the next dfab that uses this engine tries again; by hand: docker rm --force {name}"
                ));
            }
            Self::Cli { .. } | Self::Failed { .. } => return None,
        };
        Some(text.to_owned())
    }

    /// The error that the command line's words mean. They are the only thing that tells these cases
    /// apart: all of them end with the same few exit codes.
    pub(super) fn from_words(what: &str, said: &str) -> DockerError {
        let said = said.trim().to_owned();
        let lower = said.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if has(&["permission denied while trying to connect"]) {
            return Self::PermissionDenied { said };
        }
        if has(&[
            "cannot connect to the docker daemon",
            "error during connect",
            "failed to connect to the docker api",
            "is the docker daemon running",
            "dial unix",
        ]) {
            return Self::EngineDown { said };
        }
        if has(&[
            "invalid mount config",
            "error while creating mount source path",
            "bind source path does not exist",
            "mounts denied",
        ]) {
            return Self::WorkspaceUnmountable { said };
        }
        Self::Failed {
            what: what.to_owned(),
            said,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_lines_words_tell_what_is_wrong() {
        let kind = |said| DockerError::from_words("ps", said);
        assert!(matches!(
            kind(
                "Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?\n"
            ),
            DockerError::EngineDown { .. }
        ));
        assert!(matches!(
            kind(
                "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: connect: permission denied"
            ),
            DockerError::PermissionDenied { .. }
        ));
        assert!(matches!(
            kind(
                "Error response from daemon: invalid mount config for type \"bind\": bind source path does not exist: /x"
            ),
            DockerError::WorkspaceUnmountable { .. }
        ));
        // Somebody else's refused connection is not the engine's.
        let registry = kind("dial tcp 127.0.0.1:5000: connect: connection refused");
        assert!(matches!(registry, DockerError::Failed { .. }));
        let socket = kind("dial unix /var/run/docker.sock: connect: connection refused");
        assert!(matches!(socket, DockerError::EngineDown { .. }));
        let other = kind(" something else\n");
        assert_eq!(other.to_string(), "`docker ps` failed: something else");
        assert_eq!(other.hint(), None);
    }
}
