// verify_receipt is a judge of our receipts that shares no code with weir: Go's own implementations of signed notes
// and of proofs in tiled logs.
//
//	verify_receipt RECEIPT [VERIFIER_KEY]
//
// It fails unless every entry of the receipt is in the log of the checkpoint that its proof has, the checkpoint is
// signed by the receipt's key, and the entries lead from VERIFIER_KEY, if that is given, to the receipt's key. It
// prints how many entries there are, and the checkpoint's size.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type receipt struct {
	Entries []struct{ Entry, Proof string }
	Key     string `json:"verifier_key"`
}

type rotation struct {
	Kind, Before, After string
	BeforeSignature     string `json:"before_signature"`
	AfterSignature      string `json:"after_signature"`
}

func decodeHash(line string) (tlog.Hash, error) {
	data, err := base64.StdEncoding.DecodeString(line)
	if err != nil || len(data) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("%q is no hash", line)
	}
	return tlog.Hash(data), nil
}

func openCheckpoint(signed, key string) (tree tlog.Tree, err error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("the checkpoint is not of %s", verifier.Name())
	}
	if _, err := fmt.Sscanf(lines[1], "%d", &tree.N); err != nil {
		return tree, err
	}
	tree.Hash, err = decodeHash(lines[2])
	return tree, err
}

// checkEntry returns the size of the tree that the entry is in.
func checkEntry(entry, proof, key string) (int64, error) {
	head, checkpoint, found := strings.Cut(proof, "\n\n")
	lines := strings.Split(head, "\n")
	var index int64
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, fmt.Errorf("no tlog-proof")
	}
	if _, err := fmt.Sscanf(lines[1], "index %d", &index); err != nil {
		return 0, err
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := decodeHash(line)
		if err != nil {
			return 0, err
		}
		path = append(path, hash)
	}
	tree, err := openCheckpoint(checkpoint, key)
	if err != nil {
		return 0, err
	}
	return tree.N, tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash([]byte(entry)))
}

func signed(key, text, signature string) error {
	parts := strings.SplitN(key, "+", 3)
	if len(parts) != 3 {
		return fmt.Errorf("%q is no key", key)
	}
	typed, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(typed) != 1+ed25519.PublicKeySize {
		return fmt.Errorf("%q is no key", key)
	}
	bytes, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !ed25519.Verify(typed[1:], []byte(text), bytes) {
		return fmt.Errorf("%s has not signed the key change", key)
	}
	return nil
}

// follow returns the key to which the entries lead from a trusted one.
func follow(r receipt, trusted string) (string, error) {
	for _, each := range r.Entries {
		var change rotation
		if err := json.Unmarshal([]byte(each.Entry), &change); err != nil {
			return "", err
		}
		if change.Kind != "key rotated" || change.Before != trusted {
			continue
		}
		text := fmt.Sprintf("weir ledger key rotation v1\n%s\n%s\n", change.Before, change.After)
		if err := signed(change.Before, text, change.BeforeSignature); err != nil {
			return "", err
		}
		if err := signed(change.After, text, change.AfterSignature); err != nil {
			return "", err
		}
		trusted = change.After
	}
	return trusted, nil
}

func run(path, trusted string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var r receipt
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	var size int64
	for i, each := range r.Entries {
		if size, err = checkEntry(each.Entry, each.Proof, r.Key); err != nil {
			return fmt.Errorf("proof %d: %w", i+1, err)
		}
	}
	if trusted != "" {
		last, err := follow(r, trusted)
		if err != nil {
			return err
		}
		if last != r.Key {
			return fmt.Errorf("the receipt is signed by %s, the entries lead to %s", r.Key, last)
		}
	}
	if len(r.Entries) == 0 {
		return fmt.Errorf("the receipt has no entries")
	}
	fmt.Printf("entries=%d size=%d\n", len(r.Entries), size)
	return nil
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 || len(os.Args) > 3 {
		log.Fatal("usage: verify_receipt RECEIPT [VERIFIER_KEY]")
	}
	trusted := ""
	if len(os.Args) == 3 {
		trusted = strings.TrimSpace(os.Args[2])
	}
	if err := run(os.Args[1], trusted); err != nil {
		log.Fatal(err)
	}
}
