package enroll

import "time"

// BootstrapPath is where a device hands in its code, on the device listener.
const BootstrapPath = "/enroll/v1"

// BootstrapRequest is the body of POST /enroll/v1. The connection is TLS pinned
// to the root's fingerprint, which came with the code.
type BootstrapRequest struct {
	// Code is the short code, with or without its hyphens, in any case.
	Code string `json:"code"`
	// Serial is the maker's serial number as the device knows it. It opens the
	// invitation; it never joins the device to an existing record by itself.
	Serial string `json:"serial"`
	// Maker and Model are hints for the people who look at a refusal; nothing is
	// decided by them.
	Maker string `json:"maker,omitempty"`
	Model string `json:"model,omitempty"`
}

// BootstrapResponse says how to go on.
type BootstrapResponse struct {
	// DeviceURL is the device listener: polls go to DeviceURL + "/agent/v1/poll".
	DeviceURL string `json:"device_url"`
	// SCEPURL takes SCEP messages.
	SCEPURL string `json:"scep_url"`
	// Challenge is this device's one-time SCEP challenge.
	Challenge string `json:"challenge"`
	// ChallengeExpiresAt is when it ends.
	ChallengeExpiresAt time.Time `json:"challenge_expires_at"`
	// CAChain is the issuing CA and the root, base64 of DER.
	CAChain [][]byte `json:"ca_chain"`
	// CAFingerprint is the SHA-256 of the root, lower-case hex.
	CAFingerprint string `json:"ca_fingerprint"`
	// Class, Model and Subject are what the server will certify: hints, so that a
	// device can refuse to become what it is not.
	Class   string `json:"class"`
	Model   string `json:"model,omitempty"`
	Subject string `json:"subject"`
	// ServerTime lets a device with a wrong clock judge validity.
	ServerTime time.Time `json:"server_time"`
}
