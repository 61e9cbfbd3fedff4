package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mostPushBytes is what a push service takes of a message.
const mostPushBytes = 4096

// longestVapidLife is for how long a sender may prove who they are with one token (RFC 8292, 2).
const longestVapidLife = 24 * time.Hour

// Browser is one that has subscribed at the sandbox's push service: it reads what reaches it.
type Browser struct {
	// Endpoint, P256dh and Auth are what its PushSubscription says; the endpoint begins with the address that the sandbox is served at.
	Endpoint, P256dh, Auth string

	sandbox *Sandbox
	key     *ecdh.PrivateKey
	secret  []byte
	sender  string // the public key that it has subscribed with
	answer  http.HandlerFunc
	read    []string
	calls   int
}

// Subscribe makes a browser that has subscribed with a sender's public key, at a sandbox that is served at an address.
func (s *Sandbox) Subscribe(address, publicKey string) (*Browser, error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 16)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the program instead
	id := randomID()
	b := &Browser{
		Endpoint: address + "/push/" + id, P256dh: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
		Auth: base64.RawURLEncoding.EncodeToString(secret), sandbox: s, key: key, secret: secret, sender: publicKey,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.browsers) >= maxEntries {
		return nil, errors.New("the sandbox has no more than 100,000 browsers: start it anew")
	}
	s.browsers[id] = b
	return b, nil
}

// Answers has its push service answer so from now on, and take nothing; nil for as usual.
func (b *Browser) Answers(answer http.HandlerFunc) {
	b.sandbox.mu.Lock()
	defer b.sandbox.mu.Unlock()
	b.answer = answer
}

// Read returns what has reached it, decrypted.
func (b *Browser) Read() []string {
	b.sandbox.mu.Lock()
	defer b.sandbox.mu.Unlock()
	return append([]string(nil), b.read...)
}

// Calls is how often its push service was called for it.
func (b *Browser) Calls() int {
	b.sandbox.mu.Lock()
	defer b.sandbox.mu.Unlock()
	return b.calls
}

// subscribedBrowser is what is shown of a browser.
type subscribedBrowser struct {
	Endpoint string   `json:"endpoint"`
	Read     []string `json:"read"`
}

// subscribed is every browser, with what has reached it.
func (s *Sandbox) subscribed() []subscribedBrowser {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]subscribedBrowser, 0, len(s.browsers))
	for _, b := range s.browsers {
		all = append(all, subscribedBrowser{Endpoint: b.Endpoint, Read: append([]string{}, b.read...)})
	}
	slices.SortFunc(all, func(a, b subscribedBrowser) int { return strings.Compare(a.Endpoint, b.Endpoint) })
	return all
}

// push serves the push service: RFC 8030, with the sender's proof of RFC 8292.
func (s *Sandbox) push(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	b, there := s.browsers[r.PathValue("browser")]
	var answer http.HandlerFunc
	if there {
		b.calls++
		answer = b.answer
	}
	s.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, mostPushBytes+1))
	switch {
	case !there:
		http.Error(w, "the subscription is gone", http.StatusGone)
		return
	case err != nil:
		http.Error(w, "the message breaks off", http.StatusBadRequest)
		return
	case len(body) > mostPushBytes:
		http.Error(w, "the message is longer than 4096 bytes", http.StatusRequestEntityTooLarge)
		return
	}
	if _, err := strconv.ParseUint(r.Header.Get("TTL"), 10, 32); err != nil {
		http.Error(w, "the header TTL is needed", http.StatusBadRequest)
		return
	}
	if err := proven(r.Header.Get("Authorization"), b.sender, strings.SplitAfterN(b.Endpoint, "/push/", 2)[0], s.opts.Clock()); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	if r.Header.Get("Content-Encoding") != "aes128gcm" {
		http.Error(w, "the message is not in aes128gcm", http.StatusBadRequest)
		return
	}
	text, err := decrypt(body, b.key, b.secret)
	if err != nil { // a real one takes it, and the browser drops it
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(b.read) >= maxEntries {
		http.Error(w, "the sandbox keeps no more than 100,000 messages: start it anew", http.StatusServiceUnavailable)
		return
	}
	b.read = append(b.read, string(text))
	w.WriteHeader(http.StatusCreated)
}

// proven holds a sender's proof against the key that a browser has subscribed with (RFC 8292, 2 and 3).
func proven(authorization, sender, address string, now time.Time) error {
	parameters, found := strings.CutPrefix(authorization, "vapid ")
	if !found {
		return errors.New("the header Authorization has no proof of the kind vapid")
	}
	given := map[string]string{}
	for part := range strings.SplitSeq(parameters, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		given[name] = value
	}
	if given["k"] != sender {
		return errors.New("the sender is not the one whom the browser has subscribed to")
	}
	parts := strings.Split(given["t"], ".")
	if len(parts) != 3 {
		return errors.New("the token is no JWT")
	}
	point, err1 := base64.RawURLEncoding.DecodeString(given["k"])
	claims, err2 := base64.RawURLEncoding.DecodeString(parts[1])
	signature, err3 := base64.RawURLEncoding.DecodeString(parts[2])
	if errors.Join(err1, err2, err3) != nil || len(signature) != 64 {
		return errors.New("the key or the token is not base64url")
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return fmt.Errorf("the key is no point on P-256: %w", err)
	}
	signed := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(key, signed[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return errors.New("the token is not signed with the key")
	}
	var says struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(claims, &says); err != nil {
		return fmt.Errorf("the token's claims are no JSON: %w", err)
	}
	expires := time.Unix(says.Exp, 0)
	switch {
	case says.Aud != strings.TrimSuffix(address, "/push/"):
		return fmt.Errorf("the token is for %q", says.Aud)
	case !strings.HasPrefix(says.Sub, "mailto:") && !strings.HasPrefix(says.Sub, "https:"):
		return errors.New("the token does not say who is to be reached")
	case !expires.After(now) || expires.After(now.Add(longestVapidLife)):
		return errors.New("the token has ended, or ends in more than a day")
	}
	return nil
}

// decrypt reads a message of one record as a browser does (RFC 8188, 2 and RFC 8291, 3).
func decrypt(message []byte, key *ecdh.PrivateKey, secret []byte) ([]byte, error) {
	const saltBytes, sizeBytes = 16, 4
	if len(message) < saltBytes+sizeBytes+1 {
		return nil, errors.New("the message has no header")
	}
	salt, size := message[:saltBytes], binary.BigEndian.Uint32(message[saltBytes:])
	rest := message[saltBytes+sizeBytes:]
	if len(rest) < 1+int(rest[0]) {
		return nil, errors.New("the message's header breaks off")
	}
	senderKey, record := rest[1:1+int(rest[0])], rest[1+int(rest[0]):]
	if uint64(len(record)) > uint64(size) {
		return nil, errors.New("the message has more than one record")
	}
	sender, err := ecdh.P256().NewPublicKey(senderKey)
	if err != nil {
		return nil, fmt.Errorf("the message's key is none: %w", err)
	}
	shared, err := key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	material, err1 := hkdf.Key(sha256.New, shared, secret, "WebPush: info\x00"+string(key.PublicKey().Bytes())+string(senderKey), 32)
	contentKey, err2 := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, err3 := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(contentKey)
	if err != nil {
		return nil, err
	}
	sealed, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	padded, err := sealed.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, errors.New("the message does not open with the browser's keys")
	}
	text := strings.TrimRight(string(padded), "\x00")
	if !strings.HasSuffix(text, "\x02") { // of the last record
		return nil, errors.New("the message does not end as the last record does")
	}
	return []byte(text[:len(text)-1]), nil
}
