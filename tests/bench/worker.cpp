// worker ANSWER: gives this answer to each line of its input, at once.
#include <iostream>
#include <string>

int main(int count, char** arguments) {
  std::ios::sync_with_stdio(false);
  for (std::string line; count == 2 && std::getline(std::cin, line);) std::cout << arguments[1] << std::endl;
}
