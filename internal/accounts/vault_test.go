package accounts

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/signature"

	"github.com/postwright/postwright/internal/fault"
)

const (
	token = "a-token-of-linkedin"
	urn   = "urn:li:person:ada"
)

func newVault(t *testing.T) *Vault {
	t.Helper()
	encoded, err := NewKeyset()
	require.NoError(t, err)
	vault, err := NewVault(encoded)
	require.NoError(t, err)
	return vault
}

func TestASealedTokenOpensForItsAccountOnly(t *testing.T) {
	t.Parallel()
	vault, owner := newVault(t), uuid.New()
	sealed, err := vault.seal(token, owner, urn)
	require.NoError(t, err)
	require.NotContains(t, string(sealed), token)
	opened, err := vault.open(sealed, owner, urn)
	require.NoError(t, err)
	require.Equal(t, token, opened)

	changed := bytes.Clone(sealed)
	changed[len(changed)-1]++
	for name, open := range map[string]func() (string, error){
		"of another owner":    func() (string, error) { return vault.open(sealed, uuid.New(), urn) },
		"of another account":  func() (string, error) { return vault.open(sealed, owner, "urn:li:person:bob") },
		"with another keyset": func() (string, error) { return newVault(t).open(sealed, owner, urn) },
		"changed by a bit":    func() (string, error) { return vault.open(changed, owner, urn) },
		"not sealed at all":   func() (string, error) { return vault.open([]byte(token), owner, urn) },
		"nothing was kept":    func() (string, error) { return vault.open(nil, owner, urn) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened, err := open()
			require.True(t, fault.Is(err, fault.Precondition), "%v", err)
			require.Equal(t, "TOKEN_SEALED", fault.Of(err).Reason)
			require.Empty(t, opened)
			require.NotContains(t, err.Error(), token)
		})
	}
}

func TestTheSameTokenIsNeverSealedAlike(t *testing.T) {
	t.Parallel()
	vault, owner := newVault(t), uuid.New()
	first, err := vault.seal(token, owner, urn)
	require.NoError(t, err)
	second, err := vault.seal(token, owner, urn)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
}

func TestAKeysetOfBeforeStillOpens(t *testing.T) {
	t.Parallel()
	encoded, err := NewKeyset()
	require.NoError(t, err)
	before, err := NewVault(encoded)
	require.NoError(t, err)
	owner := uuid.New()
	sealed, err := before.seal(token, owner, urn)
	require.NoError(t, err)
	after, err := NewVault(encoded + "\n") // as read from a file
	require.NoError(t, err)
	opened, err := after.open(sealed, owner, urn)
	require.NoError(t, err)
	require.Equal(t, token, opened)
}

func TestAKeysetThatCannotBeReadIsRefusedAndNotRepeated(t *testing.T) {
	t.Parallel()
	good, err := NewKeyset()
	require.NoError(t, err)
	other, err := keyset.NewHandle(signature.ED25519KeyTemplate())
	require.NoError(t, err)
	var signs bytes.Buffer
	require.NoError(t, insecurecleartextkeyset.Write(other, keyset.NewBinaryWriter(&signs)))
	for name, encoded := range map[string]string{
		"empty":          "",
		"not base64":     "%%%secret%%%",
		"not a keyset":   base64.StdEncoding.EncodeToString([]byte("secret")),
		"cut short":      good[:len(good)/2/4*4],
		"for signatures": base64.StdEncoding.EncodeToString(signs.Bytes()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vault, err := NewVault(encoded)
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
			require.Nil(t, vault)
			require.Contains(t, err.Error(), "postwright account keyset")
			require.NotContains(t, err.Error(), "secret")
			if encoded != "" {
				require.NotContains(t, err.Error(), encoded)
			}
		})
	}
}
