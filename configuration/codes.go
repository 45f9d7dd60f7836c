package configuration

import "wardline/internal/fault"

// The codes of this package's faults. Each name is part of the API.
var (
	CodeDocumentExists = fault.Define(fault.Conflict, "document_exists",
		"Choose another name, or publish a new version of the document that exists.")
	CodeDocumentAssigned = fault.Define(fault.Conflict, "document_assigned",
		"Take back its assignments first.")
	CodeDocumentRetired = fault.Define(fault.Conflict, "document_retired",
		"Use another document, or make a new one.")
	CodeUnchanged = fault.Define(fault.Conflict, "document_unchanged",
		"Nothing needs to be done: the newest version says the same.")
	CodeAssignmentExists = fault.Define(fault.Conflict, "assignment_exists",
		"Take back the assignment that exists first, or narrow this one further.")
	CodeAssignmentTied = fault.Define(fault.Conflict, "assignment_tied",
		"Narrow one of the two assignments that are named, so that it is clear which one wins.")
)
