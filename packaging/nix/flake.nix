# nix run 'git+https://github.com/gomend/gomend?dir=packaging/nix'
# Evaluated by packaging/test, with a stand-in for nixpkgs. Untested: nothing was built with it.
{
  description = "A drop-in `go` that says why a module fetch failed, and mends it";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs =
    { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      forAll = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
      manifest = builtins.fromTOML (builtins.readFile ../../Cargo.toml);
    in
    {
      packages = forAll (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = "gomend";
          version = manifest.package.version;
          src = ../..;
          cargoLock.lockFile = ../../Cargo.lock;
          # the shim is a static program
          buildInputs = pkgs.lib.optional pkgs.stdenv.hostPlatform.isLinux pkgs.stdenv.cc.libc.static;
          doCheck = false; # the tests want Go toolchains and a network of their own
          meta = {
            description = manifest.package.description;
            homepage = manifest.package.repository;
            license = pkgs.lib.licenses.mit;
            mainProgram = "gomend";
          };
        };
      });
    };
}
