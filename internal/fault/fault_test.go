package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFaultKeepsItsCauseForLogsAndItsMessageForCallers(t *testing.T) {
	t.Parallel()
	f := Newf(Busy, "Try again in %d s.", 5).WithReason("LOCKED").WithCause(io.ErrUnexpectedEOF)
	require.Equal(t, "Try again in 5 s.", f.Message)
	require.Equal(t, "LOCKED", f.Reason)
	require.Equal(t, "busy: Try again in 5 s.: unexpected EOF", f.Error())
	require.ErrorIs(t, f, io.ErrUnexpectedEOF)
	require.NoError(t, New(Busy, "Alone.").Unwrap())
}

func TestALogTellsWhichVendorAnsweredWhat(t *testing.T) {
	t.Parallel()
	f := New(VendorRejected, "LinkedIn refused.")
	f.Answer = &Answer{Vendor: "linkedin", Operation: "createPost", Status: 422, Code: "DUP\n", Message: "the text", TraceID: "abc"}
	require.Equal(t, `vendor rejected: LinkedIn refused. [linkedin createPost status=422 code="DUP\n" request_id="abc"]`, f.Error())
}

func TestTheFaultOfAnError(t *testing.T) {
	t.Parallel()
	missing := New(NotFound, "There is no such post.")
	outer := New(Busy, "Try again.").WithCause(missing)
	for name, c := range map[string]struct {
		err  error
		want *Error
	}{
		"none":                     {nil, nil},
		"itself":                   {missing, missing},
		"wrapped":                  {fmt.Errorf("read: %w", missing), missing},
		"joined":                   {errors.Join(io.EOF, missing), missing},
		"the outermost of several": {fmt.Errorf("write: %w", outer), outer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Same(t, c.want, Of(c.err))
		})
	}
}

func TestAnErrorThatNobodyClassifiedIsInternalAndHidden(t *testing.T) {
	t.Parallel()
	secret := errors.New("password is hunter2")
	f := Of(fmt.Errorf("connect: %w", secret))
	require.Equal(t, Internal, f.Kind)
	require.NotContains(t, f.Message, "hunter2")
	require.ErrorIs(t, f, secret)
}

func TestIsLooksForTheKindOfTheFault(t *testing.T) {
	t.Parallel()
	missing := fmt.Errorf("read: %w", New(NotFound, "There is no such post."))
	require.True(t, Is(missing, NotFound))
	require.False(t, Is(missing, Busy))
	require.False(t, Is(New(Busy, "Try again.").WithCause(missing), NotFound), "the outermost decides")
	require.False(t, Is(io.EOF, Internal), "an error that is no fault is of no kind")
	require.False(t, Is(nil, Internal))
}

func TestEveryKindHasAName(t *testing.T) {
	t.Parallel()
	require.Equal(t, Internal, Error{}.Kind, "a fault nobody classified")
	seen := map[string]bool{}
	for k := Internal; k <= VendorUnavailable; k++ {
		require.NotEmpty(t, k.String())
		require.NotContains(t, k.String(), "kind ")
		require.False(t, seen[k.String()], k)
		seen[k.String()] = true
	}
	require.Equal(t, "kind 200", Kind(200).String())
}
