"""Opens weir's encrypted Parquet with pyarrow and a keyring, by docs/formats/keyring.md and nothing of weir's."""

import base64
import ctypes
import ctypes.util
import pathlib

import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
CRYPTO.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
CRYPTO.EVP_aes_256_gcm.restype = ctypes.c_void_p
SET_TAG = 0x11


def open_gcm(key, context, sealed):
    """AES-256-GCM of nonce (12 bytes), ciphertext and tag (16)."""
    nonce, text, tag = sealed[:12], sealed[12:-16], sealed[-16:]
    cipher = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
    plain, size = ctypes.create_string_buffer(len(text)), ctypes.c_int()
    steps = [
        CRYPTO.EVP_DecryptInit_ex(cipher, ctypes.c_void_p(CRYPTO.EVP_aes_256_gcm()), None, key, nonce),
        CRYPTO.EVP_DecryptUpdate(cipher, None, ctypes.byref(size), context, len(context)),
        CRYPTO.EVP_DecryptUpdate(cipher, plain, ctypes.byref(size), text, len(text)),
        CRYPTO.EVP_CIPHER_CTX_ctrl(cipher, SET_TAG, len(tag), tag),
        CRYPTO.EVP_DecryptFinal_ex(cipher, plain, ctypes.byref(size)),
    ]
    CRYPTO.EVP_CIPHER_CTX_free(cipher)
    if steps != [1] * len(steps):
        raise ValueError("the key does not open it")
    return plain.raw[:len(text)]


class Keyring(pe.KmsClient):
    """The master keys of a file; unwraps keys of files as `weir-envelope-v1` wraps them."""

    def __init__(self, path):
        super().__init__()
        first, *lines = pathlib.Path(path).read_text().splitlines()
        assert first == "weir keyring v1"
        self.keys = {(name, int(version)): key for name, version, key in map(str.split, lines)}

    def wrap_key(self, key_bytes, master_key_identifier):
        raise NotImplementedError("only read")

    def unwrap_key(self, wrapped_key, master_key_identifier):
        outer, inner = wrapped_key.split(" ")
        version, text = outer.split(":")
        master = self.keys[master_key_identifier, int(version.removeprefix("v"))]
        if master == "destroyed":
            raise ValueError("the key was destroyed")
        master = bytes.fromhex(master)
        of_class = open_gcm(master, f"weir key {master_key_identifier} {version[1:]}".encode(), base64.b64decode(text))
        return open_gcm(of_class, f"weir file key {master_key_identifier}".encode(), base64.b64decode(inner))


def read_encrypted(path, keyring):
    """Returns the rows of an encrypted file as a table."""
    factory = pe.CryptoFactory(lambda configuration: Keyring(keyring))
    properties = factory.file_decryption_properties(pe.KmsConnectionConfig())
    return pq.ParquetFile(path, decryption_properties=properties).read()
