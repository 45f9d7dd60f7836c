// Command wardline is the server and its command line.
//
// On the server: serve, demo, user, ca, audit, doctor, health, version. From
// anywhere, over the REST API only: login, devices, locate, lock, wipe, and so on.
//
// main turns flags, environment and config file into options and calls
// app.Run; the verbs of the command line stand in cli_*.go. No rule lives here.
// Start reading at main in main.go.
package main
