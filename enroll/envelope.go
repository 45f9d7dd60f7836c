package enroll

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // legacy models only, see Ask.Weak
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"

	"wardline/ca"
)

type envelopedData struct {
	Version    int
	Recipients []asn1.RawValue `asn1:"set"`
	Content    encryptedContent
	Attributes asn1.RawValue `asn1:"optional,tag:1"`
}

type encryptedContent struct {
	Type      asn1.ObjectIdentifier
	Algorithm pkix.AlgorithmIdentifier
	Encrypted asn1.RawValue `asn1:"optional,tag:0"`
}

type recipientInfo struct {
	Version   int
	Recipient issuerAndSerial
	Algorithm pkix.AlgorithmIdentifier
	Key       []byte
}

// contentCipher is an algorithm that the content of an envelope may be encrypted
// with, always in CBC mode.
type contentCipher struct {
	oid   asn1.ObjectIdentifier
	bytes int // of the key
	weak  bool
	block func(key []byte) (cipher.Block, error)
}

var (
	cipherAES128 = &contentCipher{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}, 16, false, aes.NewCipher}
	ciphers      = []*contentCipher{
		cipherAES128,
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}, 24, false, aes.NewCipher},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, 32, false, aes.NewCipher},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}, 24, true, des.NewTripleDESCipher},
		{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 7}, 8, true, des.NewCipher},
	}
	oidRSAEncryption = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
)

// envelope is the encrypted part of a request, parsed.
type envelope struct {
	cipher    *contentCipher
	iv        []byte
	encrypted []byte
	sealedKey []byte
	key       crypto.Decrypter // the RA key that it is made out to
}

// parseEnvelope reads enveloped data made out to one of our RA certificates. It
// decrypts nothing: which algorithms are acceptable is decided first.
func parseEnvelope(content []byte, ras []ca.RA) (*envelope, error) {
	var outer contentInfo
	if err := unmarshalBER(content, &outer); err != nil || !outer.Type.Equal(oidEnvelopedData) {
		return nil, &errMessage{failBadRequest, "the message does not hold enveloped data"}
	}
	var ed envelopedData
	if err := unmarshal(outer.Content.Bytes, &ed); err != nil || len(ed.Recipients) > maxRecipients {
		return nil, &errMessage{failBadRequest, "the enveloped data cannot be read"}
	}
	e := &envelope{}
	for _, c := range ciphers {
		if c.oid.Equal(ed.Content.Algorithm.Algorithm) {
			e.cipher = c
		}
	}
	if e.cipher == nil {
		return nil, &errMessage{failBadAlg, "the content is encrypted with an algorithm that is not accepted"}
	}
	e.iv = ed.Content.Algorithm.Parameters.Bytes
	e.encrypted = ed.Content.Encrypted.Bytes
	if ed.Content.Encrypted.IsCompound {
		var err error
		if e.encrypted, err = pieces(ed.Content.Encrypted.Bytes); err != nil {
			return nil, &errMessage{failBadRequest, "the encrypted content cannot be read"}
		}
	}
	return e, e.findRecipient(ed.Recipients, ras)
}

func (e *envelope) findRecipient(recipients []asn1.RawValue, ras []ca.RA) error {
	for _, raw := range recipients {
		var r recipientInfo
		if unmarshal(raw.FullBytes, &r) != nil {
			continue // another kind of recipient
		}
		for _, ra := range ras {
			if ra.Certificate.SerialNumber.Cmp(r.Recipient.Serial) != 0 || !bytes.Equal(ra.Certificate.RawIssuer, r.Recipient.Issuer.FullBytes) {
				continue
			}
			if !r.Algorithm.Algorithm.Equal(oidRSAEncryption) {
				return &errMessage{failBadAlg, "the content key is encrypted with an algorithm that is not accepted"}
			}
			key, ok := ra.Key.(crypto.Decrypter)
			if !ok {
				return &errMessage{failBadRequest, "the RA key cannot decrypt"}
			}
			e.key, e.sealedKey = key, r.Key
			return nil
		}
	}
	return &errMessage{failBadMessageCheck, "the content is not encrypted to our RA certificate"}
}

var errSealed = errors.New("the content cannot be opened")

// open decrypts the content. Wrong RSA padding gives a random key instead of an
// error, so that what the answer says, and when, does not tell right from wrong:
// an oracle on the RA key would open recorded challenges. Whatever fails from
// here to the signature of the certificate request is answered alike.
func (e *envelope) open(random io.Reader) ([]byte, error) {
	//lint:ignore SA1019 SCEP knows no other padding; SessionKeyLen keeps it from being an oracle
	key, err := e.key.Decrypt(random, e.sealedKey, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: e.cipher.bytes})
	if err != nil {
		return nil, errSealed
	}
	block, err := e.cipher.block(key)
	if err != nil {
		return nil, errSealed
	}
	size := block.BlockSize()
	if len(e.iv) != size || len(e.encrypted) == 0 || len(e.encrypted)%size != 0 {
		return nil, errSealed
	}
	plain := make([]byte, len(e.encrypted))
	cipher.NewCBCDecrypter(block, e.iv).CryptBlocks(plain, e.encrypted)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > size {
		return nil, errSealed
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, errSealed
		}
	}
	return plain[:len(plain)-pad], nil
}

// sealTo encrypts content to one certificate, whose key is an RSA key: the
// signer's, and nobody else's, whatever else the request had in it.
func sealTo(random io.Reader, to *x509.Certificate, c *contentCipher, content []byte) ([]byte, error) {
	public, ok := to.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("encrypt a SCEP answer: the key is %T", to.PublicKey)
	}
	key := make([]byte, c.bytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("encrypt a SCEP answer: %w", err)
	}
	block, err := c.block(key)
	if err != nil {
		return nil, fmt.Errorf("encrypt a SCEP answer: %w", err)
	}
	size := block.BlockSize()
	iv := make([]byte, size)
	if _, err := io.ReadFull(random, iv); err != nil {
		return nil, fmt.Errorf("encrypt a SCEP answer: %w", err)
	}
	pad := size - len(content)%size
	padded := append(bytes.Clone(content), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	//lint:ignore SA1019 SCEP knows no other padding (RFC 8894, 3.1)
	sealed, err := rsa.EncryptPKCS1v15(random, public, key)
	if err != nil {
		return nil, fmt.Errorf("encrypt a SCEP answer: %w", err)
	}
	recipient, err := asn1.Marshal(recipientInfo{
		Recipient: issuerAndSerial{Issuer: asn1.RawValue{FullBytes: to.RawIssuer}, Serial: to.SerialNumber},
		Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSAEncryption, Parameters: asn1.NullRawValue},
		Key:       sealed,
	})
	if err != nil {
		return nil, fmt.Errorf("encrypt a SCEP answer: %w", err)
	}
	inner, err := asn1.Marshal(struct {
		Version    int
		Recipients []asn1.RawValue `asn1:"set"`
		Content    encryptedContent
	}{
		Recipients: []asn1.RawValue{{FullBytes: recipient}},
		Content: encryptedContent{
			Type:      oidData,
			Algorithm: pkix.AlgorithmIdentifier{Algorithm: c.oid, Parameters: asn1.RawValue{Tag: asn1.TagOctetString, Bytes: iv}},
			Encrypted: asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: padded},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("encrypt a SCEP answer: %w", err)
	}
	return asn1.Marshal(contentInfo{Type: oidEnvelopedData,
		Content: asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: inner}})
}
