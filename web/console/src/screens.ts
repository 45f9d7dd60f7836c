import type { appStrings } from "./app/strings";
import type { IconName } from "./app/icons";
import type { Permission } from "./session/session";

/**
 * One screen of the console. This table is the router's own: what is not here
 * does not exist, and the tests walk it (accessibility, screenshots).
 */
export interface Screen {
  /** As the router writes it: /devices/$id. */
  path: string;
  /** The text of appStrings that names it in the menu and the palette. */
  name: keyof (typeof appStrings)["en"]["screens"];
  /** Where it stands in the menu, with a number beside it that says how much waits there; screens without are reached from others. */
  menu?: { icon: IconName; group: "work" | "setup" | "people"; count?: "inbox" | "alerts" };
  /** Without this permission it is neither offered nor shown. */
  permission: Permission;
  /** Its code, loaded when it is first opened. The component is the default export. */
  load: () => Promise<{ default: React.ComponentType }>;
}

export const screens: Screen[] = [
  {
    path: "/",
    name: "overview",
    menu: { icon: "overview", group: "work" },
    permission: "devices.read",
    load: () => import("./features/overview/OverviewPage"),
  },
  {
    path: "/devices",
    name: "devices",
    menu: { icon: "devices", group: "work" },
    permission: "devices.read",
    load: () => import("./features/devices/DevicesPage"),
  },
  { path: "/devices/import", name: "importDevices", permission: "devices.create", load: () => import("./features/devices/add/AddPage") },
  { path: "/devices/$id", name: "device", permission: "devices.read", load: () => import("./features/device/DevicePage") },
  {
    path: "/handhelds",
    name: "handhelds",
    menu: { icon: "handhelds", group: "work" },
    permission: "handhelds.read",
    load: () => import("./features/handhelds/HandheldsPage"),
  },
  {
    path: "/enrollment",
    name: "enrollment",
    menu: { icon: "enrollment", group: "work" },
    // Of invitations it shows those who may see them; what waits and what failed, more people.
    permission: "enrollments.read",
    load: () => import("./features/enrollment/EnrollmentPage"),
  },
  { path: "/enrollment/new", name: "invite", permission: "invitations.create", load: () => import("./features/enrollment/NewPage") },
  { path: "/enrollment/deliveries/$id", name: "delivery", permission: "invitations.read", load: () => import("./features/enrollment/DeliveryPage") },
  { path: "/enrollment/labels", name: "labels", permission: "devices.read", load: () => import("./features/enrollment/LabelsPage") },
  { path: "/models", name: "models", menu: { icon: "models", group: "setup" }, permission: "models.read", load: () => import("./features/models/ModelsPage") },
  { path: "/models/$id", name: "model", permission: "models.read", load: () => import("./features/models/ModelPage") },
  { path: "/audit", name: "audit", menu: { icon: "audit", group: "people" }, permission: "audit.read", load: () => import("./features/audit/AuditPage") },
  {
    path: "/inbox",
    name: "inbox",
    menu: { icon: "inbox", group: "work", count: "inbox" },
    permission: "commands.approve",
    load: () => import("./features/inbox/InboxPage"),
  },
  {
    path: "/alerts",
    name: "alerts",
    menu: { icon: "alerts", group: "work", count: "alerts" },
    permission: "alerts.read",
    load: () => import("./features/alerts/AlertsPage"),
  },
  { path: "/alerts/$id", name: "alert", permission: "alerts.read", load: () => import("./features/alerts/AlertPage") },
  { path: "/alert-rules", name: "alertRules", permission: "settings.read", load: () => import("./features/alerts/RulesPage") },
  {
    path: "/commands",
    name: "commands",
    menu: { icon: "commands", group: "work" },
    permission: "commands.read",
    load: () => import("./features/commands/CommandsPage"),
  },
  { path: "/commands/$id", name: "command", permission: "commands.read", load: () => import("./features/commands/CommandPage") },
  { path: "/batches", name: "batches", permission: "commands.read", load: () => import("./features/commands/BatchesPage") },
  { path: "/batches/$id", name: "batch", permission: "commands.read", load: () => import("./features/commands/BatchPage") },
  { path: "/step-up", name: "stepUp", permission: "self.manage", load: () => import("./features/stepup/StepUpPage") },
  {
    path: "/places",
    name: "places",
    menu: { icon: "places", group: "setup" },
    permission: "places.read",
    load: () => import("./features/places/PlacesPage"),
  },
  { path: "/places/import", name: "importAccessPoints", permission: "places.write", load: () => import("./features/places/ImportPage") },
  { path: "/places/$id/list", name: "wardList", permission: "devices.read", load: () => import("./features/places/WardListPage") },
  { path: "/account", name: "account", permission: "self.manage", load: () => import("./features/account/AccountPage") },
  { path: "/places/$id", name: "place", permission: "places.read", load: () => import("./features/places/PlacePage") },
  {
    path: "/configurations",
    name: "configurations",
    menu: { icon: "configurations", group: "setup" },
    permission: "configurations.read",
    load: () => import("./features/configurations/ConfigurationsPage"),
  },
  { path: "/configurations/new", name: "newConfiguration", permission: "configurations.write", load: () => import("./features/configurations/NewConfigurationPage") },
  { path: "/configurations/$id", name: "configuration", permission: "configurations.read", load: () => import("./features/configurations/ConfigurationPage") },
  {
    path: "/guard",
    name: "guard",
    menu: { icon: "guard", group: "people" },
    permission: "settings.read",
    load: () => import("./features/guard/GuardPage"),
  },
  {
    path: "/break-glass",
    name: "breakGlasses",
    menu: { icon: "breakGlass", group: "people" },
    permission: "break_glass.read",
    load: () => import("./features/breakglass/BreakGlassesPage"),
  },
  { path: "/break-glass/$id", name: "breakGlass", permission: "break_glass.read", load: () => import("./features/breakglass/BreakGlassPage") },
  {
    path: "/people",
    name: "people",
    menu: { icon: "people", group: "people" },
    permission: "accounts.read",
    load: () => import("./features/people/PeoplePage"),
  },
  {
    path: "/confirm-people",
    name: "confirmPeople",
    menu: { icon: "confirm", group: "people" },
    permission: "accounts.vouch",
    load: () => import("./features/people/ConfirmPage"),
  },
  {
    path: "/loss-code",
    name: "lossCode",
    menu: { icon: "lossCode", group: "people" },
    permission: "loss_codes.create",
    load: () => import("./features/losscode/LossCodePage"),
  },
  { path: "/people/$id", name: "person", permission: "accounts.read", load: () => import("./features/people/PersonPage") },
];
