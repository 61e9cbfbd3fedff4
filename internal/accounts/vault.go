package accounts

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/postwright/postwright/internal/fault"
)

// Vault seals tokens before they reach the database and opens them again. The key is a Tink keyset, so that a later key
// can seal while earlier ones still open.
type Vault struct {
	primitive tink.AEAD
}

// NewVault reads a keyset as NewKeyset made it. A keyset that can't be read is an Invalid fault that does not repeat it.
func NewVault(encodedKeyset string) (*Vault, error) {
	unreadable := fault.Fields(fault.Field{Path: "token keyset", Problem: "can't be read: make one with `postwright account keyset`"})
	serialized, err := base64.StdEncoding.DecodeString(encodedKeyset)
	if err != nil {
		return nil, unreadable
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(serialized)))
	if err != nil {
		return nil, unreadable
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, unreadable
	}
	return &Vault{primitive: primitive}, nil
}

// NewKeyset makes a keyset with one AES-256-GCM key, in base64. It is a secret: whoever has it and the database has the
// tokens.
func NewKeyset() (string, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", fmt.Errorf("make a keyset: %w", err)
	}
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&b)); err != nil {
		return "", fmt.Errorf("write the keyset: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

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
			WithReason("TOKEN_SEALED").WithCause(err)
	}
	return string(token), nil
}
