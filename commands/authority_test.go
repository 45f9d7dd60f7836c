package commands_test

import (
	"testing"

	"wardline/ca"
	"wardline/commands"
)

// The authority certifies the signer of commands with the usage that devices look
// for; package ca does not import commands, so the number stands twice.
func TestTheAuthorityAndTheDevicesMeanTheSameUsage(t *testing.T) {
	if !ca.OIDCommandSigning.Equal(commands.OIDCommandSigning) {
		t.Errorf("the authority certifies %v, devices look for %v", ca.OIDCommandSigning, commands.OIDCommandSigning)
	}
}

var _ commands.Signer = ca.CommandSigner{}
