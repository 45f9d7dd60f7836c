package main

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// devicesKeyBits is what a device makes for itself.
const deviceKeyBits = 2048

// keyPool returns n RSA keys, from a file of an earlier run as far as it goes.
// Every device needs a key of its own, since the server refuses one that it has
// certified for another device; making 10,000 takes minutes and measures
// nothing of ours.
func keyPool(file string, n int) ([]*rsa.PrivateKey, error) {
	keys, err := readKeys(file, n)
	if err != nil {
		return nil, err
	}
	if len(keys) == n {
		return keys, nil
	}
	fmt.Printf("making %d RSA keys, once; they are kept in %s\n", n-len(keys), file)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	fresh, err := makeKeys(n-len(keys), f)
	return append(keys, fresh...), errors.Join(err, f.Close())
}

func makeKeys(n int, save io.Writer) ([]*rsa.PrivateKey, error) {
	type result struct {
		key *rsa.PrivateKey
		err error
	}
	todo, made := make(chan struct{}, n), make(chan result)
	for range n {
		todo <- struct{}{}
	}
	close(todo)
	var makers sync.WaitGroup
	for range runtime.NumCPU() {
		makers.Go(func() {
			for range todo {
				k, err := rsa.GenerateKey(rand.Reader, deviceKeyBits)
				made <- result{k, err}
			}
		})
	}
	go func() { makers.Wait(); close(made) }()
	var keys []*rsa.PrivateKey
	var errs []error
	last := time.Now()
	for r := range made {
		if r.err == nil {
			r.err = saveKey(save, r.key)
		}
		if r.err != nil {
			errs = append(errs, r.err)
			continue
		}
		keys = append(keys, r.key)
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			fmt.Printf("  %d of %d keys\n", len(keys), n)
		}
	}
	return keys, errors.Join(errs...)
}

func saveKey(w io.Writer, k *rsa.PrivateKey) error {
	der := x509.MarshalPKCS1PrivateKey(k)
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(der))), der...))
	return err
}

func readKeys(file string, n int) ([]*rsa.PrivateKey, error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	var keys []*rsa.PrivateKey
	for len(keys) < n {
		var length uint32
		err := binary.Read(in, binary.BigEndian, &length)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || length > 8<<10 {
			return nil, fmt.Errorf("%s is damaged: remove it", file)
		}
		der := make([]byte, length)
		if _, err := io.ReadFull(in, der); err != nil {
			return nil, fmt.Errorf("%s is damaged: remove it", file)
		}
		k, err := x509.ParsePKCS1PrivateKey(der)
		if err != nil {
			return nil, fmt.Errorf("%s is damaged: remove it: %w", file, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}
