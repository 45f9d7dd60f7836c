import {
  IconBell,
  IconCertificate,
  IconClipboardList,
  IconDeviceMobile,
  IconDeviceMobileCharging,
  IconHammer,
  IconHome,
  IconInbox,
  IconListCheck,
  IconMapPin,
  IconPhoneCall,
  IconSettings,
  IconShieldLock,
  IconTags,
  IconUser,
  IconUserCheck,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";

/** The signs of the menu. */
export const icons = {
  overview: IconHome,
  devices: IconDeviceMobile,
  enrollment: IconCertificate,
  commands: IconListCheck,
  inbox: IconInbox,
  alerts: IconBell,
  places: IconMapPin,
  configurations: IconSettings,
  models: IconTags,
  people: IconUsers,
  confirm: IconUserCheck,
  lossCode: IconPhoneCall,
  handhelds: IconDeviceMobileCharging,
  audit: IconClipboardList,
  account: IconUser,
  guard: IconShieldLock,
  breakGlass: IconHammer,
} satisfies Record<string, Icon>;

export type IconName = keyof typeof icons;
