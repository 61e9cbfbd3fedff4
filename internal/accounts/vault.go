package accounts

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/core/cryptofmt"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/postwright/postwright/internal/fault"
)

// Vault seals tokens before they reach the database and opens them again. The key is a Tink keyset, so that a later key
// can seal while earlier ones still open.
type Vault struct {
	primitive tink.AEAD
	// primary begins every ciphertext of the key that seals now (Tink's wire format: a version byte and the key's id).
	primary []byte
}

// NewVault reads a keyset as NewKeyset made it. A keyset that can't be read is an Invalid fault that does not repeat it.
func NewVault(encodedKeyset string) (*Vault, error) {
	handle, err := readKeyset(encodedKeyset)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, errKeyset
	}
	key, err := handle.Primary()
	if err != nil {
		return nil, errKeyset
	}
	return &Vault{primitive: primitive, primary: binary.BigEndian.AppendUint32([]byte{cryptofmt.TinkStartByte}, key.KeyID())}, nil
}

var errKeyset = fault.Fields(fault.Field{Path: "token keyset", Problem: "can't be read: make one with `postwright account keyset`"})

func readKeyset(encoded string) (*keyset.Handle, error) {
	serialized, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errKeyset
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(serialized)))
	if err != nil {
		return nil, errKeyset
	}
	return handle, nil
}

func writeKeyset(handle *keyset.Handle) (string, error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&b)); err != nil {
		return "", fmt.Errorf("write the keyset: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// NewKeyset makes a keyset with one AES-256-GCM key, in base64. It is a secret: whoever has it and the database has the
// tokens.
func NewKeyset() (string, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", fmt.Errorf("make a keyset: %w", err)
	}
	return writeKeyset(handle)
}

// RotateKeyset adds a new key to a keyset, which seals from then on; the earlier ones still open.
func RotateKeyset(encoded string) (string, error) {
	handle, err := readKeyset(encoded)
	if err != nil {
		return "", err
	}
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", fmt.Errorf("add a key: %w", err)
	}
	if err := manager.SetPrimary(id); err != nil {
		return "", fmt.Errorf("make the new key the primary one: %w", err)
	}
	if handle, err = manager.Handle(); err != nil {
		return "", fmt.Errorf("read the new keyset: %w", err)
	}
	return writeKeyset(handle)
}

// PruneKeyset leaves only the key that seals. What the others had sealed and RotateKey has not sealed anew never opens
// again.
func PruneKeyset(encoded string) (string, error) {
	handle, err := readKeyset(encoded)
	if err != nil {
		return "", err
	}
	primary, err := handle.Primary()
	if err != nil {
		return "", errKeyset
	}
	manager := keyset.NewManagerFromHandle(handle)
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return "", errKeyset
		}
		if entry.KeyID() == primary.KeyID() {
			continue
		}
		if err := manager.Delete(entry.KeyID()); err != nil {
			return "", fmt.Errorf("delete a key: %w", err)
		}
	}
	if handle, err = manager.Handle(); err != nil {
		return "", fmt.Errorf("read the new keyset: %w", err)
	}
	return writeKeyset(handle)
}

// reasonSealed marks the fault of a token that no key of the keyset opens.
const reasonSealed = "TOKEN_SEALED"

// current reports whether a sealed token is sealed by the key that seals now.
func (v *Vault) current(sealed []byte) bool { return bytes.HasPrefix(sealed, v.primary) }

// binding ties a sealed token to its account: copied to another row it does not open.
func binding(ownerID uuid.UUID, urn string) []byte {
	return []byte("linkedin token\x00" + ownerID.String() + "\x00" + urn)
}

func (v *Vault) seal(token string, ownerID uuid.UUID, urn string) ([]byte, error) {
	sealed, err := v.primitive.Encrypt([]byte(token), binding(ownerID, urn))
	if err != nil {
		return nil, fmt.Errorf("seal the token: %w", err)
	}
	return sealed, nil
}

func (v *Vault) open(sealed []byte, ownerID uuid.UUID, urn string) (string, error) {
	token, err := v.primitive.Decrypt(sealed, binding(ownerID, urn))
	if err != nil {
		return "", fault.New(fault.Precondition,
			"The account's token was sealed with a key that this server does not have: start it with the keyset of before, or connect the account again.").
			WithReason(reasonSealed).WithCause(err)
	}
	return string(token), nil
}

// Seal seals a secret that is no account's token, for the package that keeps it. bound ties it to what it belongs to, in words that no
// other kind of secret begins with: elsewhere it does not open.
func (v *Vault) Seal(secret string, bound []byte) ([]byte, error) {
	sealed, err := v.primitive.Encrypt([]byte(secret), bound)
	if err != nil {
		return nil, fmt.Errorf("seal a secret: %w", err)
	}
	return sealed, nil
}

// Open opens what Seal sealed.
func (v *Vault) Open(sealed, bound []byte) (string, error) {
	secret, err := v.primitive.Decrypt(sealed, bound)
	if err != nil {
		return "", fmt.Errorf("open a secret: %w", err)
	}
	return string(secret), nil
}

// Current reports whether what is sealed is sealed by the key that seals now.
func (v *Vault) Current(sealed []byte) bool { return v.current(sealed) }
