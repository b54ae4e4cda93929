package tlsconfig

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // The default of the format.
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"strings"
)

func encrypted(text []byte) bool {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return false
		}
		if block.Type == encryptedBlock || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
}

const encryptedBlock = "ENCRYPTED PRIVATE KEY"

// decryptPEM returns the blocks of the text with the encrypted private key in
// plain form.
func decryptPEM(text []byte, password string) ([]byte, error) {
	var out []byte
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return out, nil
		}
		switch {
		case block.Type == encryptedBlock:
			key, err := DecryptPKCS8(block.Bytes, password)
			if err != nil {
				return nil, err
			}
			block = &pem.Block{Type: "PRIVATE KEY", Bytes: key}
		case block.Headers["Proc-Type"] != "":
			return nil, errors.New("the private key is encrypted in the old form of openssl: write it as PKCS8 (openssl pkcs8 -topk8 -v2 aes-256-cbc)")
		}
		out = append(out, pem.EncodeToMemory(block)...)
	}
}

// The parts of EncryptedPrivateKeyInfo (RFC 5958) with PBES2 (RFC 8018).
type (
	encryptedKeyInfo struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct {
		Derivation, Encryption pkix.AlgorithmIdentifier
	}
	pbkdf2Params struct {
		Salt       []byte
		Iterations int
		Length     int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

// mostIterations bounds the work that a file can ask for.
const mostIterations = 10_000_000

// DecryptPKCS8 returns the private key, in DER of PKCS8, out of one that is
// encrypted with PBES2, PBKDF2 and AES, as openssl and keytool write it.
func DecryptPKCS8(der []byte, password string) ([]byte, error) {
	if password == "" {
		return nil, errors.New("the private key is encrypted: give its password")
	}
	var info encryptedKeyInfo
	var scheme pbes2
	var kdf pbkdf2Params
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("encrypted private key: %w", err)
	}
	if info.Algorithm.Algorithm.String() != "1.2.840.113549.1.5.13" {
		return nil, fmt.Errorf("the private key is encrypted by the algorithm %s, only PBES2 is supported: write it again (openssl pkcs8 -topk8 -v2 aes-256-cbc)", info.Algorithm.Algorithm)
	}
	if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, fmt.Errorf("encrypted private key: %w", err)
	}
	if scheme.Derivation.Algorithm.String() != "1.2.840.113549.1.5.12" {
		return nil, fmt.Errorf("the password of the private key is stretched by %s, only PBKDF2 is supported", scheme.Derivation.Algorithm)
	}
	if _, err := asn1.Unmarshal(scheme.Derivation.Parameters.FullBytes, &kdf); err != nil {
		return nil, fmt.Errorf("encrypted private key: %w", err)
	}
	return kdf.decrypt(scheme.Encryption, info.Data, password)
}

func (p pbkdf2Params) decrypt(encryption pkix.AlgorithmIdentifier, data []byte, password string) ([]byte, error) {
	length, ok := map[string]int{
		"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, "2.16.840.1.101.3.4.1.42": 32,
	}[encryption.Algorithm.String()]
	if !ok {
		return nil, fmt.Errorf("the private key is encrypted by %s, only AES-CBC is supported", encryption.Algorithm)
	}
	var iv []byte
	if _, err := asn1.Unmarshal(encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, fmt.Errorf("encrypted private key: %w", err)
	}
	digest, ok := map[string]func() hash.Hash{
		"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New, "1.2.840.113549.2.11": sha512.New,
	}[p.PRF.Algorithm.String()]
	if !ok {
		return nil, fmt.Errorf("the password of the private key is stretched with %s, which is not supported", p.PRF.Algorithm)
	}
	if p.Iterations < 1 || p.Iterations > mostIterations || len(iv) != aes.BlockSize || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errors.New("the encrypted private key is damaged")
	}
	key, err := pbkdf2.Key(digest, password, p.Salt, p.Iterations, length)
	if err != nil {
		return nil, fmt.Errorf("encrypted private key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("encrypted private key: %w", err)
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize || plain[0] != 0x30 { // a key begins with a sequence
		return nil, errors.New("the private key cannot be decrypted: is its password right?")
	}
	return plain[:len(plain)-pad], nil
}
