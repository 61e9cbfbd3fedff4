package status

import (
	"context"
	"strings"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/smtp"
)

// MailServer checks whether the mail server can be reached, and takes the user and password. Whether it takes a message only a
// message shows.
func MailServer(client *smtp.Client) Checker {
	const name = "mail server"
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		err := client.Greet(ctx)
		switch f := fault.Of(err); {
		case err == nil && !client.Guarded():
			return single(name, OK, client.Host()+" answers. Nothing is encrypted on the way to it.", "")
		case err == nil:
			return single(name, OK, client.Host()+" answers, encrypted, and takes the login where one is set.", "")
		case f.Reason == outbound.ReasonBadCertificate:
			return single(name, Failed, f.Message, badCertificate)
		default:
			return single(name, Failed, f.Message, "Look at --smtp-url, at the network and at a firewall: many networks let nothing out to port 25.")
		}
	}}
}

// WebPush tells that messages go to browsers, and what those subscribe with. Whether a push service takes them only a message shows.
func WebPush(publicKey string) Checker {
	const name = "web push"
	return Checker{Name: name, Run: func(context.Context) []Check {
		return single(name, OK, "Push messages go to the browsers that users have subscribed with the public key "+publicKey+".", "")
	}}
}

// LoggedMessages tells of the channels whose messages are only logged.
func LoggedMessages(channels []string) Checker {
	const name = "notification log"
	return Checker{Name: name, Run: func(context.Context) []Check {
		return single(
			name,
			OK,
			"Messages by "+strings.Join(channels, " and ")+" are written to the log and ListNotifications alone, and reach nobody else: "+
				"docs/notifications.md tells how to change that.",
			"",
		)
	}}
}
