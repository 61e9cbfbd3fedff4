package sandbox

import (
	"crypto/ecdh"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

// The example of RFC 8291, section 5, which nobody here made.
func TestABrowserReadsTheExampleOfTheRFC(t *testing.T) {
	t.Parallel()
	bytes := func(text string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(t, err)
		return b
	}
	key, err := ecdh.P256().NewPrivateKey(bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	require.NoError(t, err)
	secret := bytes("BTBZMqHH6r4Tts7J_aSIgg")
	message := bytes("DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vC" +
		"YLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXL" +
		"WyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
	text, err := decrypt(message, key, secret)
	require.NoError(t, err)
	require.Equal(t, "When I grow up, I want to be a watermelon", string(text))

	message[len(message)-1] ^= 1
	_, err = decrypt(message, key, secret)
	require.ErrorContains(t, err, "does not open")
	_, err = decrypt(message[:30], key, secret)
	require.Error(t, err)
}
