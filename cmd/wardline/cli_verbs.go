package main

// cliVerbs are the commands that work from anywhere, over the REST API only.
type cliVerbs struct {
	Login     loginCmd     `cmd:"" group:"From anywhere:" help:"Sign in to a server."`
	Logout    logoutCmd    `cmd:"" group:"From anywhere:" help:"End the session."`
	Devices   devicesCmd   `cmd:"" group:"From anywhere:" help:"List devices, or show one."`
	Locate    locateCmd    `cmd:"" group:"From anywhere:" help:"Ask a device where it is."`
	Ring      ringCmd      `cmd:"" group:"From anywhere:" help:"Make a device beep and flash."`
	Message   messageCmd   `cmd:"" group:"From anywhere:" help:"Show a text on a device."`
	Lock      lockCmd      `cmd:"" group:"From anywhere:" help:"Lock a device."`
	Unlock    unlockCmd    `cmd:"" group:"From anywhere:" help:"End a lock."`
	Restart   restartCmd   `cmd:"" group:"From anywhere:" help:"Restart a device; a pump only while it is free."`
	Lost      lostCmd      `cmd:"" group:"From anywhere:" help:"Report a device lost: it is locked at once; or found again."`
	Wipe      wipeCmd      `cmd:"" group:"From anywhere:" help:"Erase a device."`
	Release   releaseCmd   `cmd:"" group:"From anywhere:" help:"Take back a containment, such as that of a phone that was found."`
	Commands  commandsCmd  `cmd:"" group:"From anywhere:" help:"List commands, or show one with what happened to it."`
	Receipts  receiptsCmd  `cmd:"" group:"From anywhere:" help:"What devices signed: export it, and verify it anywhere."`
	Cancel    cancelCmd    `cmd:"" group:"From anywhere:" help:"Cancel a command that the device has not received."`
	Approve   approveCmd   `cmd:"" group:"From anywhere:" help:"Approve, or deny, what somebody else asked for."`
	Freeze    freezeCmd    `cmd:"" group:"From anywhere:" help:"Stop all wipes, or lift that."`
	Freezes   freezesCmd   `cmd:"" group:"From anywhere:" help:"List the freezes that hold."`
	CancelAll cancelAllCmd `cmd:"" name:"cancel-all" group:"From anywhere:" help:"Take back everything that no device has received."`
	Limits    limitsCmd    `cmd:"" group:"From anywhere:" help:"Show the limits on what may leave, or change one."`
	Invite    inviteCmd    `cmd:"" group:"From anywhere:" help:"Make an invitation with which a device enrolls."`
	Token     tokenCmd     `cmd:"" name:"token" group:"From anywhere:" help:"API tokens: create, list, revoke."`
	Events    eventsCmd    `cmd:"" group:"From anywhere:" help:"Follow what happens, live."`
}
