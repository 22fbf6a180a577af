"""Signed notes (C2SP signed-note): a text, and under it the Ed25519 signatures of those who stand by it."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from proofs.merkle import Unfit

ED25519 = b"\x01"
DASH = "\u2014 "  # The em dash that begins a signature line.
SHORTEST = 4 + 64  # The bytes of a signature line: the hash of a key and, of Ed25519, the signature.
PRIVATE = "PRIVATE+KEY+"
KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)")


class PublicKey:
    """A key that signatures are checked with. As text: `name+hash+base64`, the form of Go's and C2SP's tools."""

    def __init__(self, name: str, key: bytes) -> None:
        self.name = name
        self.hash = sha256(name.encode() + b"\n" + ED25519 + key).digest()[:4]
        self._key = key

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """Read the text of a key. Raises Unfit."""
        name, hashed, content = _parse(text.strip(), "a public key")
        key = cls(name, content)
        key.refuse_other_hash(hashed)
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{_base64(ED25519 + self._key)}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def refuse_other_hash(self, hashed: str) -> None:
        """Raise Unfit when this is not the hash that the text of the key says, in hex."""
        if hashed != self.hash.hex():
            raise Unfit(f"the hash in the key of {self.name} is not that of the key")

    def signed(self, text: str, signature: bytes) -> bool:
        """Whether this key made the signature of the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self._key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A key that notes are signed with. As text it begins with PRIVATE+KEY."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def new(cls, name: str) -> "SigningKey":
        """A key that nobody else has."""
        if not re.fullmatch(r"[^\s+]+", name):
            raise Unfit(f"{name!r} is no name of a key: it is empty, or holds a space or a plus")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Read the text of a key. Raises Unfit, which never quotes it."""
        text = text.strip()
        if not text.startswith(PRIVATE):
            raise Unfit(f"not a signing key: it would begin with {PRIVATE}")
        name, hashed, seed = _parse(text.removeprefix(PRIVATE), "a signing key")
        key = cls(name, seed)
        key.public.refuse_other_hash(hashed)
        return key

    def __str__(self) -> str:
        public = self.public
        return f"{PRIVATE}{public.name}+{public.hash.hex()}+{_base64(ED25519 + self._seed)}"

    def sign(self, text: str) -> str:
        """The note: the text, which ends with a line break, and the signature."""
        signature = self.public.hash + self._key.sign(text.encode())
        return f"{text}\n{DASH}{self.public.name} {_base64(signature)}\n"


def opened(note: str, keys: Iterable[PublicKey]) -> str:
    """The text of a note that one of the keys has signed. Raises Unfit when none has, or it is no note.

    Signatures of others are passed over, of whatever kind: those of witnesses are longer.
    """
    text, separator, below = note.rpartition("\n\n")
    if not separator or not below.startswith(DASH) or not below.endswith("\n"):
        raise Unfit("not a signed note")
    text += "\n"
    known = {(key.name, key.hash): key for key in keys}
    named = []
    for line in _lines(below):
        name, signature = _signature(line)
        key = known.get((name, signature[:4]))
        if key is None:
            named.append(f"{name}+{signature[:4].hex()}")
        elif key.signed(text, signature[4:]):
            return text
        else:
            raise Unfit(f"the signature of {name} is wrong")
    raise Unfit(f"no key that is trusted has signed it, but {', '.join(named)}")


def notes_in(text: str) -> list[str]:
    """The notes of a text that holds many, one behind the other with an empty line between them.

    A note that was cut off while it was written, the end of one or a whole, is passed over.
    """
    found: list[str] = []
    before = ""
    for block in re.split(r"\n{2,}", text.strip("\n")):
        if block.startswith(DASH) and before:
            found.append(f"{before}\n\n{block}\n")
            before = ""
        else:
            before = block
    return [note for note in found if _is_whole(note)]


def _is_whole(note: str) -> bool:
    try:
        return all(_signature(line) for line in _lines(note.rpartition("\n\n")[2]))
    except Unfit:
        return False


def _lines(text: str) -> list[str]:
    """Lines end with a line feed and with nothing else."""
    return text.removesuffix("\n").split("\n")


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    try:
        signature = b64decode(encoded, validate=True)
    except ValueError:
        signature = b""
    if not line.startswith(DASH) or not name or len(signature) < SHORTEST:
        raise Unfit("not a signature line of a note")
    return name, signature


def _parse(text: str, what: str) -> tuple[str, str, bytes]:
    found = KEY.fullmatch(text)
    try:
        key = b64decode(found[3], validate=True) if found else b""
    except ValueError:
        key = b""
    if found is None or key[:1] != ED25519 or len(key) != 33:
        raise Unfit(f"not {what}: it would be name+hash+key, and of the kind Ed25519")
    return found[1], found[2], key[1:]


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
