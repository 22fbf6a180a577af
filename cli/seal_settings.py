"""How checkpoints are signed and where they go, as the environment says."""

from pathlib import Path

from environs import Env, EnvValidationError, validate

from api.settings import SettingsError
from proofs.merkle import Unfit
from proofs.notes import SigningKey
from reactors.publishing import Outside
from reactors.sealing import Signing

KEY, KEY_FILE = "MILEPOST_SIGNING_KEY", "MILEPOST_SIGNING_KEY_FILE"


def signing() -> Signing:
    """Read the environment. Raises SettingsError, which names every wrong variable and quotes no key."""
    env = Env(eager=False)
    seconds = env.float("MILEPOST_CHECKPOINT_SECONDS", 60.0, validate=validate.Range(0))
    named = env.str("MILEPOST_CHECKPOINT_FILE", "")
    url = env.str("MILEPOST_CHECKPOINT_URL", "", validate=_http)
    token = env.str("MILEPOST_CHECKPOINT_TOKEN", "", validate=_printable)
    key, key_file = env.str(KEY, ""), env.str(KEY_FILE, "")
    try:
        env.seal()
    except EnvValidationError as error:
        told = (f"{name}: {' '.join(found).rstrip('.')}" for name, found in error.error_messages.items())
        raise SettingsError("; ".join(told)) from None
    file = Path(named) if named else None
    if file and not file.parent.is_dir():
        raise SettingsError(f"MILEPOST_CHECKPOINT_FILE: there is no folder {file.parent}")
    return Signing(_key(key, Path(key_file) if key_file else None), seconds, Outside(file, url or None, token or None))


def _key(text: str, file: Path | None) -> SigningKey | None:
    if text and file:
        raise SettingsError(f"{KEY} and {KEY_FILE}: only one of them")
    try:
        if file:
            return SigningKey.parse(file.read_text())
        return SigningKey.parse(text) if text else None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{KEY_FILE}: {error}") from error
    except Unfit as error:
        raise SettingsError(f"{KEY_FILE if file else KEY}: {error}") from error


def _printable(token: str) -> None:
    if not (token.isascii() and token.isprintable()):
        raise validate.ValidationError("must be printable ASCII, and is not quoted here")


def _http(url: str) -> None:
    if url and not url.startswith(("http://", "https://")):
        raise validate.ValidationError("must be a URL that starts with http:// or https://")
