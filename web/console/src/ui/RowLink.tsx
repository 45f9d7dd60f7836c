import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import classes from "./RowLink.module.css";

/**
 * A link to a screen in a list of thousands: RouteLink prepares what it points
 * to and listens to the router, which costs more than all else of a row.
 */
export function RowLink({ to, children }: { to: string; children: ReactNode }) {
  const navigate = useNavigate();
  return (
    <a
      href={to}
      className={classes.link}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        void navigate({ to });
      }}
    >
      {children}
    </a>
  );
}
