import { Badge } from "@mantine/core";
import { IconLock, IconMapSearch } from "@tabler/icons-react";

const signs = { locked: IconLock, lostMode: IconMapSearch };

/** Something that the device itself said is so. */
export function FactBadge({ fact, children }: { fact: keyof typeof signs; children: string }) {
  const Sign = signs[fact];
  return (
    <Badge color="grape" variant="light" leftSection={<Sign size={12} aria-hidden />} tt="none" fw={600}>
      {children}
    </Badge>
  );
}
