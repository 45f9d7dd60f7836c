import { Anchor, Button, type AnchorProps, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import { forwardRef, type AnchorHTMLAttributes } from "react";

type Html = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps>;

/** A link to a screen, that looks like a link. */
export const RouteLink = createLink(
  forwardRef<HTMLAnchorElement, AnchorProps & Html>(function RouteLink(props, ref) {
    return <Anchor ref={ref} {...props} />;
  }),
);

/** A link to a screen, that looks like a button. */
export const RouteButton = createLink(
  forwardRef<HTMLAnchorElement, ButtonProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps>>(function RouteButton(props, ref) {
    return <Button component="a" ref={ref} {...props} />;
  }),
);
