import type { ReactNode } from "react";
import { RouteLink } from "../../ui/RouteLink";

interface Props {
  /** Of the configuration. */
  id: string;
  state: "in_force" | "drifting";
  /** The count. */
  children: ReactNode;
}

/** A count of devices that leads to the list of them. */
export function DevicesLink({ id, state, children }: Props) {
  return (
    <RouteLink to="/devices" search={{ configuration: id, configuration_state: state } as never} inherit>
      {children}
    </RouteLink>
  );
}
