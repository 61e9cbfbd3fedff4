package notify

import "context"

// EmailVendor is what the e-mail channel needs of the notification API.
type EmailVendor interface {
	SendEmail(ctx context.Context, to, subject, content string) (delivered bool, err error)
}

// PushVendor is what the push channel needs of the notification API.
type PushVendor interface {
	SendPush(ctx context.Context, userID, title, message string) (delivered bool, err error)
}

// EmailChannel sends through the notification API's e-mail; a message's recipient is an address.
type EmailChannel struct{ Vendor EmailVendor }

// Send implements Channel.
func (c EmailChannel) Send(ctx context.Context, m Message) (bool, error) {
	return c.Vendor.SendEmail(ctx, m.Recipient, m.Subject, m.Content)
}

// PushChannel sends through the notification API's push; a message's recipient is the vendor's id of the user.
type PushChannel struct{ Vendor PushVendor }

// Send implements Channel.
func (c PushChannel) Send(ctx context.Context, m Message) (bool, error) {
	return c.Vendor.SendPush(ctx, m.Recipient, m.Subject, m.Content)
}
