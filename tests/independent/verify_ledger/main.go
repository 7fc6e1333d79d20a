// verify_ledger is a judge of our ledgers that shares no code with weir: Go's own implementations
// of signed notes and of tiled logs.
//
//	verify_ledger STORE VERIFIER_KEY
//
// It reads STORE/ledger/checkpoint, all bundles of entries and all tiles; fails unless the
// checkpoint is signed by the key, the root follows from the entries, and every tile below the
// checkpoint's size has the hashes of the entries. It prints size and root.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// hashes holds all stored hashes of a log in memory, in tlog's order.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d is not stored", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

func openCheckpoint(folder, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	return parseCheckpoint(opened.Text, verifier.Name())
}

func parseCheckpoint(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	var size int64
	if len(lines) != 4 || lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is not of %s", origin)
	}
	if _, err := fmt.Sscanf(lines[1], "%d", &size); err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("the root is no hash")
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(root)}, nil
}

// path writes a tile's path as C2SP tlog-tiles has it; tlog's own has the height in it too.
func path(tile tlog.Tile, level string) string {
	parts := strings.SplitN(tile.Path(), "/", 4)
	return filepath.Join("tile", level, parts[3])
}

func readEntries(folder string, size int64) ([][]byte, error) {
	var entries [][]byte
	for n := int64(0); n*tileWidth < size; n++ {
		width := int(min(size-n*tileWidth, tileWidth))
		name := path(tlog.Tile{H: tileHeight, L: 0, N: n, W: width}, "entries")
		bundle, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		for range width {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s is torn", name)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entries = append(entries, bundle[2:end])
			bundle = bundle[end:]
		}
		if len(bundle) != 0 {
			return nil, fmt.Errorf("%s has more than %d entries", name, width)
		}
	}
	return entries, nil
}

func checkTiles(folder string, size int64, stored hashes) (int, error) {
	tiles := tlog.NewTiles(tileHeight, 0, size)
	for _, tile := range tiles {
		name := path(tile, fmt.Sprint(tile.L))
		found, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return 0, err
		}
		expected, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(found, expected) {
			return 0, fmt.Errorf("%s has not the hashes of the entries", name)
		}
	}
	return len(tiles), nil
}

func run(store, key string) error {
	folder := filepath.Join(store, "ledger")
	tree, err := openCheckpoint(folder, key)
	if err != nil {
		return err
	}
	entries, err := readEntries(folder, tree.N)
	if err != nil {
		return err
	}
	var stored hashes
	for i, entry := range entries {
		more, err := tlog.StoredHashes(int64(i), entry, stored)
		if err != nil {
			return err
		}
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the entries have root %v, the checkpoint says %v", root, tree.Hash)
	}
	tiles, err := checkTiles(folder, tree.N, stored)
	if err != nil {
		return err
	}
	fmt.Printf("size=%d root=%v tiles=%d\n", tree.N, root, tiles)
	return nil
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: verify_ledger STORE VERIFIER_KEY")
	}
	if err := run(os.Args[1], strings.TrimSpace(os.Args[2])); err != nil {
		log.Fatal(err)
	}
}
